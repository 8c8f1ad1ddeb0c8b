using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol.Simulation;

/// <summary>Who holds, by its own clock, and whether it should.</summary>
internal sealed class Ledger(World world, FakeRedis redis)
{
    private readonly List<(Hold Hold, FakeDriver Driver, FakeCaller Caller)> _holds = [];
    private readonly Dictionary<FakeDriver, (int Holders, TimeSpan Began)> _turns = [];
    private long _lastFence;

    public int Holders { get; private set; }

    public IEnumerable<(Hold Hold, FakeDriver Driver, FakeCaller Caller)> Believers => _holds.Where(Believes);

    /// <summary>Whoever believes that it holds the lock is who holds it in Redis, unless it was robbed.</summary>
    public void Check()
    {
        _holds.RemoveAll(held => !Believes(held));
        foreach (var (hold, driver, caller) in _holds)
        {
            if (hold.Key.Token != redis.Holder && !redis.Robbed.Contains(hold.Key.Token))
            {
                world.Fail($"caller {caller.Number} of {driver.Process.Name} believes that it holds with {FakeProcess.Short(hold.Key.Token)}, but {FakeProcess.Short(redis.Holder)} holds");
            }
        }
    }

    /// <summary>Looks who has the lock after a call of a line: it was given by Redis, or handed over inside.</summary>
    public void Look(FakeDriver driver, TimeSpan now, bool wasGiven)
    {
        foreach (var caller in driver.Callers)
        {
            if (caller.Waiter.Hold is { } hold && _holds.All(held => held.Hold != hold) && Believes((hold, driver, caller)))
            {
                Begins(driver, caller, hold, now, wasGiven);
            }
        }
    }

    private bool Believes((Hold Hold, FakeDriver Driver, FakeCaller Caller) held) =>
        !held.Driver.Process.IsDead && held.Hold.IsHeld(held.Driver.Process.LocalNow);

    private void Begins(FakeDriver driver, FakeCaller caller, Hold hold, TimeSpan now, bool wasGiven)
    {
        world.Note($"{driver.Process.Name} c{caller.Number}", $"is given {FakeProcess.Short(hold.Key.Token)}, fence {hold.Fence}, for {hold.Remaining(driver.Process.LocalNow).TotalSeconds} s");
        Holders++;
        _holds.Add((hold, driver, caller));
        var isRobbed = redis.Robbed.Contains(hold.Key.Token);

        if (hold.Fence != 0 != (caller.Plan.Kind == CallerKind.Scope))
        {
            world.Fail($"caller {caller.Number} has fence {hold.Fence}");
        }

        var mayRepeat = redis.HasForgotten && redis.SetBack > TimeSpan.Zero;
        if (hold.Fence != 0 && !isRobbed && !mayRepeat && hold.Fence <= _lastFence)
        {
            world.Fail($"fence {hold.Fence} after {_lastFence}");
        }

        _lastFence = Math.Max(_lastFence, hold.Fence);
        if (driver.Callers.TakeWhile(earlier => earlier != caller).FirstOrDefault(earlier => earlier.Waiter.Hold is null && !earlier.LostOnTheWay) is { } passedOver)
        {
            world.Fail($"caller {caller.Number} overtakes {passedOver.Number}");
        }

        caller.LostOnTheWay = true;
        var turn = wasGiven ? (Holders: 0, Began: now) : _turns[driver];
        _turns[driver] = turn = (turn.Holders + 1, turn.Began);
        if (turn.Holders > Line.Block || now - turn.Began >= Line.Turn)
        {
            world.Fail($"a turn of {turn.Holders} holders and {now - turn.Began}");
        }

        // Not more than was promised to it, with a turn: so long others have to wait if it does not release.
        var most = driver.Options.FirstLease.Later(Line.Turn);
        if (!isRobbed && hold.Remaining(driver.Process.LocalNow) > most)
        {
            world.Fail($"caller {caller.Number} is promised {hold.Remaining(driver.Process.LocalNow)}");
        }
    }
}
