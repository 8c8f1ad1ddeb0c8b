using System.Globalization;
using DistributedMutex.Faults.History;
using DistributedMutex.Faults.Store;
using StackExchange.Redis;

namespace DistributedMutex.Faults.Workers;

/// <summary>What a caller has: a scope if that is what it asked for, and how to give it back; the answer is yes, no, or disposed.</summary>
internal sealed record Held(MutexLock? Scope, Func<Task<string>> ReleaseAsync);

/// <summary>Runs one errand after the other and writes down what it asks for and what it is told, at once.</summary>
internal abstract class Caller(string api, string instance, string name, TimeSpan lease)
{
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(50);

    private int _op;

    protected TimeSpan Lease => lease;

    /// <summary>Whether it has a thread of its own and blocks it. Then all that it does completes before it returns.</summary>
    public virtual bool IsBlocking => false;

    /// <summary>What kind of locks it wants.</summary>
    public Pace Pace { get; init; }

    /// <summary>How long it waits if that is not the errand's to say.</summary>
    protected virtual TimeSpan? FixedWait => null;

    public Task RunAsync(Worker worker, int seed, CancellationToken stop) => IsBlocking
        ? Task.Factory.StartNew(() => LoopAsync(worker, new Random(seed), stop).GetAwaiter().GetResult(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
        : Task.Run(() => LoopAsync(worker, new Random(seed), stop), CancellationToken.None);

    /// <summary>Calls the library; null if the lock could not be had in time.</summary>
    protected abstract Task<Held?> AcquireAsync(Errand errand, CancellationToken stop);

    private async Task LoopAsync(Worker worker, Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var errand = Errand.Draw(Pace, random, worker.Plan, lease);
            errand = FixedWait is { } wait ? errand with { Wait = wait } : errand;
            await RunAsync(worker, errand, stop).ConfigureAwait(false);
            await PauseAsync(errand.Rest).ConfigureAwait(false);
        }
    }

    private async Task RunAsync(Worker worker, Errand errand, CancellationToken stop)
    {
        var operation = new Entry(worker.History, $"{worker.Plan.Name}/{name}", ++_op);
        operation.Write($"acquire", $"lock={errand.Lock} api={api} instance={instance} wait={errand.Wait.TotalSeconds} lease={lease.TotalSeconds}");
        Held? held;
        try
        {
            held = await AcquireAsync(errand, stop).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            operation.Write(e is OperationCanceledException ? "cancelled" : IsDocumented(e) ? "unknown" : "broken", $"error={Describe(e)}");
            await PauseAsync(SampleInterval).ConfigureAwait(false);
            return;
        }

        if (held is null)
        {
            operation.Write("refused", $"");
            return;
        }

        if (held.Scope is { } scope)
        {
            operation.Write("acquired", $"token={scope.Token} fence={scope.Fence}");
            await ChangeAsync(worker.Stores[errand.Lock], operation, scope, errand).ConfigureAwait(false);
        }
        else
        {
            operation.Write("acquired", $"");
            await PauseAsync(errand.Work).ConfigureAwait(false);
        }

        operation.Write("release", $"");
        try
        {
            operation.Write("released", $"answer={await held.ReleaseAsync().ConfigureAwait(false)}");
        }
        catch (Exception e)
        {
            operation.Write("released", $"answer=unknown error={Describe(e)}");
            if (!IsDocumented(e))
            {
                operation.Write("broken", $"error={Describe(e)}");
            }
        }
    }

    // Reads, thinks, writes: what a lock is for. And looks at what it believes, all the time.
    private async Task ChangeAsync(FencedStore store, Entry operation, MutexLock scope, Errand errand)
    {
        if (!operation.Sample(scope))
        {
            return;
        }

        var value = store.Read(scope.Fence, operation.Who);
        operation.Write("read", $"fence={scope.Fence} accepted={(value is null ? "no" : "yes")}");
        await ThinkAsync(operation, scope, errand).ConfigureAwait(false);
        if (value is not null && operation.Sample(scope))
        {
            var accepted = store.Write(scope.Fence, value.Value + 1, operation.Who);
            operation.Write("write", $"fence={scope.Fence} accepted={(accepted ? "yes" : "no")}");
        }

        operation.Sample(scope);
    }

    private async Task ThinkAsync(Entry operation, MutexLock scope, Errand errand)
    {
        for (var left = errand.Work; left > TimeSpan.Zero; left -= SampleInterval)
        {
            await PauseAsync(left < SampleInterval ? left : SampleInterval).ConfigureAwait(false);
            if (left == errand.Work && errand.Extension is { } extension && !IsBlocking)
            {
                await ExtendAsync(operation, scope, extension).ConfigureAwait(false);
            }

            if (left > SampleInterval && !operation.Sample(scope))
            {
                return;
            }
        }
    }

    private static async Task ExtendAsync(Entry operation, MutexLock scope, TimeSpan lease)
    {
        operation.Write("extend", $"lease={lease.TotalSeconds:F3}");
        try
        {
            operation.Write("extended", $"answer={(await scope.ExtendAsync(lease).ConfigureAwait(false) ? "yes" : "no")}");
        }
        catch (Exception e) when (IsDocumented(e))
        {
            operation.Write("extended", $"answer=unknown error={Describe(e)}");
        }
    }

    private Task PauseAsync(TimeSpan time)
    {
        if (!IsBlocking)
        {
            return time > TimeSpan.Zero ? Task.Delay(time) : Task.CompletedTask;
        }

        Thread.Sleep(time);
        return Task.CompletedTask;
    }

    private static bool IsDocumented(Exception e) => e is RedisException or TimeoutException;

    // One word, since a space ends a value.
    private static string Describe(Exception e) => $"{e.GetType().Name}:{e.Message[..Math.Min(e.Message.Length, 60)]}".Replace(' ', '_').ReplaceLineEndings("_");

    /// <summary>Where one operation writes.</summary>
    private sealed record Entry(HistoryWriter History, string Who, int Op)
    {
        public void Write(string what, FormattableString values) =>
            History.Write(Who, $"{what} op={Op} {values.ToString(CultureInfo.InvariantCulture)}");

        /// <summary>Whether the scope says that it is held, and for how long.</summary>
        public bool Sample(MutexLock scope)
        {
            var from = History.Now;
            var left = scope.IsHeld ? scope.Remaining : TimeSpan.Zero;
            if (left > TimeSpan.Zero)
            {
                Write("held", $"from={from:F6} left={left.TotalSeconds:F6}");
                return true;
            }

            Write("lost", $"");
            return false;
        }
    }
}
