using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using DistributedMutex.Diagnostics;
using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <summary>What a caller does that wants the lock: ask, subscribe, wait. One body for those that await and those that block.</summary>
internal static class WaiterCalls
{
    /// <summary>Waits for the lock; null when the time of the caller is over. Whatever else ends it, nothing stays locked for the caller.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<Hold?> AcquireAsync(this Driver driver, Waiter waiter, bool sync, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                stop.ThrowIfCancellationRequested();
                var now = driver.Now;
                var step = driver.Line.Next(waiter, driver.Context.Mailbox.Hearing(now), now);
                switch (step.Kind)
                {
                    case StepKind.Ask:
                        await AskAsync(driver, waiter, step.Question, sync, stop).ConfigureAwait(false);
                        break;
                    case StepKind.Subscribe:
                        await SubscribeAsync(driver, waiter, sync, stop).ConfigureAwait(false);
                        break;
                    case StepKind.Wait:
                        driver.Arm();
                        await step.News!.PassAsync(Clock.Until(step.Until, now), driver.Context.Time, sync, stop).ConfigureAwait(false);
                        break;
                    case StepKind.Closed:
                        throw new ObjectDisposedException(driver.Context.Kind.Owner);
                    case StepKind.Unanswered:
                        throw Unanswered(driver);
                    default:
                        if (waiter.Hold is null)
                        {
                            driver.Perform(driver.Line.Leave(waiter, driver.Now));
                        }

                        return waiter.Hold;
                }
            }
        }
        catch
        {
            driver.Perform(driver.Line.Leave(waiter, driver.Now));
            throw;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask AskAsync(Driver driver, Waiter waiter, Question question, bool sync, CancellationToken stop)
    {
        Task? asking = null;
        try
        {
            var (token, limit) = (question.Key.Token, driver.Context.LimitUntil(waiter.End.Later(Line.Grace), question.Sent));
            AcquireReply reply;
            if (question.Kind == QuestionKind.Take)
            {
                var taking = driver.Context.Protocol.TakeAsync(driver.Keys, token, question.Lease);
                asking = taking;
                reply = AcquireReply.From(await taking.Within(limit, driver.Context.Time, sync, stop).ConfigureAwait(false));
            }
            else
            {
                if (question.Joins)
                {
                    // Before it is sent: the grant may overtake the reply.
                    driver.Context.Mailbox.Register(token, driver, driver.Context.Time);
                }

                var acquiring = driver.Context.Protocol.AcquireAsync(driver.Keys, token, question.Lease, question.Fences, question.Joins);
                asking = acquiring;
                reply = AcquireReply.From(await acquiring.Within(limit, driver.Context.Time, sync, stop).ConfigureAwait(false));
            }

            driver.Perform(driver.Line.Answered(question, reply, driver.Now));
        }
        catch (Exception e) when (asking is { IsCompleted: false })
        {
            // This caller does not wait for the answer any longer. The line does.
            _ = HearLateAsync(driver, asking, question);
            ExceptionDispatchInfo.Throw(e is TimeoutException ? Unanswered(driver, e) : e);
        }
        catch (Exception e)
        {
            driver.Perform(driver.Line.Failed(question, e.IsRefusal(), driver.Now));
            Endure(driver, waiter, e);
        }
    }

    private static async Task HearLateAsync(Driver driver, Task asking, Question question)
    {
        // Its caller's own call is still counted, so this is.
        driver.Context.Calls.TryEnter();
        try
        {
            var reply = asking is Task<bool> taking ? AcquireReply.From(await taking.ConfigureAwait(false))
                : AcquireReply.From(await ((Task<RedisResult>)asking).ConfigureAwait(false));
            driver.Perform(driver.Line.Answered(question, reply, driver.Now));
        }
        catch (Exception e)
        {
            driver.Perform(driver.Line.Failed(question, e.IsRefusal(), driver.Now));
        }
        finally
        {
            driver.Context.Calls.Leave();
        }
    }

    private static async ValueTask SubscribeAsync(Driver driver, Waiter waiter, bool sync, CancellationToken stop)
    {
        try
        {
            var limit = driver.Context.LimitUntil(waiter.End.Later(Line.Grace), driver.Now);
            await driver.Context.Mailbox.SubscribeAsync(driver.Context.Logger, driver.Context.Time).Within(limit, driver.Context.Time, sync, stop).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            driver.Line.NotSubscribed(driver.Now);
            Endure(driver, waiter, e);
        }
    }

    private static TimeoutException Unanswered(Driver driver, Exception? inner = null) =>
        new($"Redis did not answer in time whether the lock '{driver.Resource}' can be had.", inner);

    // What another try may mend is not thrown before the time of the caller is over.
    private static void Endure(Driver driver, Waiter waiter, Exception e)
    {
        driver.Context.Mailbox.Heed(e);
        if (!e.IsPassing() || waiter.IsOver(driver.Now))
        {
            ExceptionDispatchInfo.Throw(e);
        }

        Log.AcquireFailed(driver.Context.Logger, e, driver.Resource);
    }
}
