using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol.Simulation;

/// <summary>Who holds, by its own clock, and whether it should.</summary>
internal sealed class Ledger(World world, FakeRedis redis)
{
    private readonly List<(Hold Hold, FakeDriver Driver, FakeCaller Caller)> _holds = [];
    private readonly Dictionary<FakeDriver, (int Holders, TimeSpan Began)> _turns = [];
    private readonly Dictionary<Hold, TimeSpan> _doubted = [];
    private readonly List<(FakeProcess Process, TimeSpan At)> _grants = [];
    private long _lastFence;

    public int Holders { get; private set; }

    /// <summary>Whether nothing happens that may change the order in which processes have their turn.</summary>
    public bool InOrder { get; set; }

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

    /// <summary>Where the connections are sound, nobody waits behind a robbed caller of the same process for much more than a second.</summary>
    public void CheckThatDoubtIsSettled(TimeSpan time)
    {
        foreach (var (hold, driver, caller) in _holds)
        {
            if (!redis.Robbed.Contains(hold.Key.Token) || !driver.Callers.Exists(each => each != caller))
            {
                _doubted.Remove(hold);
            }
            else if (!_doubted.TryAdd(hold, world.Now) && world.Now - _doubted[hold] > time)
            {
                world.Fail($"caller {caller.Number} still believes that it holds, and somebody waits behind it");
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

        // What it has is no more than a lease and a turn, or a grant: so long others have to wait if it does not release.
        var most = driver.Options.FirstLease + Line.Turn;
        if (!wasGiven && !isRobbed && redis.SetBack == TimeSpan.Zero && redis.Left > (most > Line.Grant ? most : Line.Grant) + World.Ms(1))
        {
            world.Fail($"caller {caller.Number} keeps the lock from others for {redis.Left}");
        }

        CheckOrder(driver, hold, wasGiven);
    }

    // While a token waits in the queue, every other process has one turn at most.
    private void CheckOrder(FakeDriver driver, Hold hold, bool wasGiven)
    {
        if (!wasGiven)
        {
            return;
        }

        if (InOrder && redis.Joined.TryGetValue(hold.Key.Token, out var joined)
            && _grants.Where(grant => grant.At > joined).GroupBy(grant => grant.Process).Any(turns => turns.Count() > 1))
        {
            world.Fail($"{FakeProcess.Short(hold.Key.Token)} was overtaken");
        }

        _grants.Add((driver.Process, world.Now));
    }
}
