using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol.Simulation;

/// <summary>What <see cref="HolderCalls"/> do, call for call.</summary>
internal static class FakeHolderCalls
{
    public static async Task<bool> ReleaseAsync(this FakeDriver driver, Hold hold)
    {
        LineEffects effects = default;
        switch (driver.Seen(driver.Process.Now, now => driver.Line.Release(hold, now, out effects), isInside: true))
        {
            case ReleaseStep.NotHeld:
                return false;
            case ReleaseStep.HandedOver:
                await driver.PerformAsync(effects);
                return true;
        }

        var key = hold.Key;
        await driver.Process.MaySleepAsync();
        var releasing = driver.SendReleaseAsync(key);
        effects.Wake?.Wake();
        try
        {
            var outcome = await releasing;
            driver.Released(key, outcome);
            return outcome != 0;
        }
        catch
        {
            _ = driver.ReleaseUntilAnsweredAsync(key);
            throw;
        }
    }

    public static async Task ExtendAsync(this FakeDriver driver, Hold hold, TimeSpan lease)
    {
        await hold.Key.Claim;
        var sent = driver.Process.Now;
        if (hold.Extend(lease, sent) is not { } bounded)
        {
            return;
        }

        await driver.Process.MaySleepAsync();
        var isOurs = await driver.Process.Connection.SendAsync($"extend {FakeProcess.Short(hold.Key.Token)} by {bounded}", redis => redis.Renew(hold.Key.Token, bounded, claim: false));
        await driver.PerformAsync(driver.Line.Renewed(hold.Key, sent, bounded, isOurs));
    }
}
