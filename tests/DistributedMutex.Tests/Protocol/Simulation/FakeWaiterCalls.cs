using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol.Simulation;

/// <summary>What <see cref="WaiterCalls"/> do, call for call.</summary>
internal static class FakeWaiterCalls
{
    public static async Task<Hold?> AcquireAsync(this FakeDriver driver, FakeCaller caller, CancellationToken stop)
    {
        var waiter = caller.Waiter;
        try
        {
            while (true)
            {
                stop.ThrowIfCancellationRequested();
                var now = driver.Process.Now;
                var step = driver.Line.Next(waiter, driver.Process.Hearing, now);
                switch (step.Kind)
                {
                    case StepKind.Ask:
                        await AskAsync(driver, waiter, step.Question, stop);
                        break;
                    case StepKind.Subscribe:
                        await SubscribeAsync(driver, waiter, stop);
                        break;
                    case StepKind.Wait:
                        driver.Arm();
                        await driver.Process.PassAsync(step.News!, step.Until, stop);
                        break;
                    case StepKind.Closed:
                        throw new ObjectDisposedException("the mutex");
                    case StepKind.Unanswered:
                        throw new TimeoutException("not answered in time");
                    default:
                        if (waiter.Hold is null)
                        {
                            await driver.PerformAsync(driver.Leave(caller));
                        }
                        else if (!waiter.Hold.IsHeld(now))
                        {
                            driver.World.Fail($"caller {caller.Number} is returned a lock that was lost");
                        }

                        return waiter.Hold;
                }
            }
        }
        catch
        {
            await driver.PerformAsync(driver.Leave(caller));
            throw;
        }
    }

    private static async Task AskAsync(FakeDriver driver, Waiter waiter, Question question, CancellationToken stop)
    {
        await driver.Process.MaySleepAsync();
        var token = question.Key.Token;
        if (question.Joins)
        {
            driver.Process.Mailbox[token] = driver;
        }

        var asking = driver.Process.Connection.SendAsync($"{question.Kind} {FakeProcess.Short(token)} for {question.Lease.TotalSeconds} s, {question.Fences} fences", redis =>
            question.Kind == QuestionKind.Take ? AcquireReply.From(redis.Take(token, question.Lease))
            : redis.Acquire(token, question.Lease, question.Fences, question.Joins));
        var end = waiter.End.Later(Line.Grace);
        await driver.Process.PassAsync(asking, end.Later(-question.Sent) <= FakeDriver.Limit ? end : Clock.Never, stop);
        if (!asking.IsCompleted)
        {
            _ = AnswerAsync(driver, asking, question);
            stop.ThrowIfCancellationRequested();
            throw new TimeoutException("not answered in time");
        }

        if (await AnswerAsync(driver, asking, question) is { } e && waiter.IsOver(driver.Process.Now))
        {
            throw e;
        }
    }

    private static async Task<Exception?> AnswerAsync(FakeDriver driver, Task<AcquireReply> asking, Question question)
    {
        AcquireReply reply;
        try
        {
            reply = await asking;
        }
        catch (Exception e)
        {
            await driver.PerformAsync(driver.Line.Failed(question, isRefused: false, driver.Process.Now));
            return e;
        }

        await driver.Process.MaySleepAsync();
        await driver.PerformAsync(driver.Seen(driver.Process.Now, now => driver.Line.Answered(question, reply, now)));
        return null;
    }

    private static async Task SubscribeAsync(FakeDriver driver, Waiter waiter, CancellationToken stop)
    {
        var subscribing = driver.Process.SubscribeAsync();
        await driver.Process.PassAsync(subscribing, waiter.End.Later(Line.Grace), stop);
        stop.ThrowIfCancellationRequested();
        if (!subscribing.IsCompletedSuccessfully)
        {
            driver.Line.NotSubscribed(driver.Process.Now);
            if (waiter.IsOver(driver.Process.Now))
            {
                throw new TimeoutException("not subscribed");
            }
        }
    }
}
