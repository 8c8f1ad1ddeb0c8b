using System.Runtime.CompilerServices;
using DistributedMutex.Diagnostics;

namespace DistributedMutex.Protocol;

/// <summary>What a caller does that has the lock: release it, extend it. One body for those that await and those that block.</summary>
internal static class HolderCalls
{
    /// <summary>Gives the lock back. False: it was not held any more. When it throws, it goes on in the background.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<bool> ReleaseAsync(this Driver driver, Hold hold, bool sync, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var asked = driver.Now;
        switch (driver.Line.Release(hold, asked, out var effects))
        {
            case ReleaseStep.NotHeld:
                return false;
            case ReleaseStep.HandedOver:
                driver.Perform(effects);
                driver.Tell(hold, HoldEnd.Released, asked);
                return true;
        }

        var key = hold.Key;
        var releasing = driver.Context.Protocol.ReleaseAsync(driver.Keys, key.Token);
        effects.Wake?.Wake();
        int outcome;
        try
        {
            outcome = (int)await releasing.Within(Timeout.InfiniteTimeSpan, driver.Context.Time, sync, stop).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            driver.Context.Mailbox.Heed(e);
            hold.Abandon(driver.Context.Logger, driver.Resource);
            driver.Tell(hold, HoldEnd.ReleaseFailed, asked);
            _ = driver.ReleaseUntilAnsweredAsync(key);
            throw;
        }

        driver.Released(key, outcome);
        driver.Tell(hold, outcome == 0 ? HoldEnd.Lost : HoldEnd.Released, asked);
        return outcome != 0;
    }

    /// <summary>Releases, if it is held; a failure is logged, and false.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<bool> ReleaseQuietlyAsync(this Driver driver, Hold hold, bool sync)
    {
        try
        {
            await driver.ReleaseAsync(hold, sync, CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (Exception e)
        {
            Log.ReleaseFailed(driver.Context.Logger, e, driver.Resource);
            return false;
        }
    }

    /// <summary>Lets the lease end no earlier than that from now; false if the lock is not held any more.</summary>
    public static async Task<bool> ExtendAsync(this Driver driver, Hold hold, TimeSpan lease, CancellationToken stop)
    {
        // A claim that the server has to be sent a second time, whole, must not come after the extension: it may shorten the lease.
        await hold.Key.Claim.WaitAsync(stop).ConfigureAwait(false);
        var sent = driver.Now;
        if (hold.Extend(lease, sent) is not { } bounded)
        {
            return false;
        }

        var extending = driver.Context.Protocol.RenewAsync(driver.Keys, hold.Key.Token, bounded, claim: false);
        var isOurs = (bool)await extending.Within(Timeout.InfiniteTimeSpan, driver.Context.Time, sync: false, stop).ConfigureAwait(false);
        driver.Perform(driver.Line.Renewed(hold.Key, sent, bounded, isOurs));
        return isOurs && hold.Remaining(driver.Now) > TimeSpan.Zero;
    }
}
