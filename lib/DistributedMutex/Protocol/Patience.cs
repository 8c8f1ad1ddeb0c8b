namespace DistributedMutex.Protocol;

/// <summary>Waits for what may never come.</summary>
internal static class Patience
{
    /// <summary>The result of a task, awaited or, for a caller that wants to block, waited for on its thread.</summary>
    /// <exception cref="TimeoutException">It has not come in that time.</exception>
    public static ValueTask<T> Within<T>(this Task<T> task, TimeSpan limit, TimeProvider clock, bool sync, CancellationToken stop = default)
    {
        if (limit != Timeout.InfiniteTimeSpan || stop.CanBeCanceled)
        {
            // If it fails when nobody waits for it any more, that must not be reported as an unobserved exception.
            _ = task.ContinueWith(static failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            task = task.WaitAsync(limit, clock, stop);
        }

        Block(task, sync);
        return new ValueTask<T>(task);
    }

    /// <summary>Waits until a task has completed, or that time has passed, or it is no use.</summary>
    public static async ValueTask PassAsync(this Task task, TimeSpan limit, TimeProvider clock, bool sync, CancellationToken stop)
    {
        if (sync && clock == TimeProvider.System)
        {
            // Woken by whoever completes the task; what follows has a thread of the pool in between.
            Block(task, limit, stop);
            return;
        }

        var bounded = task.WaitAsync(limit, clock, stop);
        Block(bounded, sync);
        await bounded.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>The result of a task that has blocked where it had to wait.</summary>
#pragma warning disable RS0030 // It is completed.
    public static T Result<T>(this ValueTask<T> blocked) => blocked.GetAwaiter().GetResult();
#pragma warning restore RS0030

    private static void Block(Task task, bool sync)
    {
        if (sync && !task.IsCompleted)
        {
            // As good as a blocking call of the client: both wait for its reader, and no code of ours runs in between.
            Block(task, Timeout.InfiniteTimeSpan, CancellationToken.None);
        }
    }

    private static void Block(Task task, TimeSpan limit, CancellationToken stop)
    {
        try
        {
#pragma warning disable RS0030 // A caller that blocks is what this is for.
            task.Wait(limit, stop);
#pragma warning restore RS0030
        }
        catch (Exception e) when (e is AggregateException or OperationCanceledException)
        {
            // To be thrown as it is, by whoever awaits it or looks at its token.
        }
    }
}
