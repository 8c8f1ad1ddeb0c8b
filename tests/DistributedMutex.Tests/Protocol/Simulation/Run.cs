using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol.Simulation;

/// <summary>One run of a scenario.</summary>
internal sealed class Run
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(3);

    private readonly Scenario _scenario;
    private readonly World _world;
    private readonly FakeRedis _redis;
    private readonly Ledger _ledger;
    private readonly List<FakeProcess> _processes;
    private readonly List<FakeCaller> _callers;
    private readonly TimeSpan _start;
    private readonly bool _isConnected;
    private readonly bool _isQuiet;
    private TimeSpan? _idleSince;

    public Run(Scenario scenario)
    {
        _scenario = scenario;
        _world = new World(scenario.Seed);
        _redis = new FakeRedis(_world, scenario.CountIsTrue);
        _ledger = new Ledger(_world, _redis);
        _start = _world.Now;
        var options = new LineOptions(scenario.Lease, scenario.MaxHold, () => "");
        _processes = scenario.Processes.Select((plan, number) => new FakeProcess(_world, _redis, _ledger, number, plan, scenario, options)).ToList();
        _redis.Publish = (token, what, number, time) =>
            _processes.Find(process => process.Owns(token))?.Publish(token, what, number, time) ?? 0;
        _callers = scenario.Callers.Select((plan, number) => new FakeCaller(_world, _processes[plan.Process], plan, number)).ToList();
        foreach (var (caller, plan) in _callers.Zip(scenario.Callers))
        {
            _processes[plan.Process].In(plan.At, () => _ = caller.RunAsync());
        }

        foreach (var fault in scenario.Faults)
        {
            _world.In(fault.At, () => Begins(fault));
        }

        _isConnected = scenario.Lease > TimeSpan.FromSeconds(1) && scenario.Processes.All(plan => plan.Hears)
            && scenario.Faults.All(fault => fault.Kind is FaultKind.Delete or FaultKind.FlushAll or FaultKind.Overwrite or FaultKind.Foreign);
        _isQuiet = _isConnected && scenario.Faults.Count == 0 && scenario.LateMessages == 0
            && scenario.Callers.All(plan => plan.Releases && plan.Hold < 0.9 * (plan.Kind == CallerKind.Lock ? options.FirstLease : scenario.MaxHold ?? TimeSpan.MaxValue));
        _ledger.InOrder = _isQuiet;
        _world.Check = Check;
    }

    public string Trace => _world.Trace;

    public int Holders => _ledger.Holders;

    public IReadOnlyList<FakeCaller> Callers => _callers;

    /// <summary>How long after the last fault everybody must have been served or told, however unlucky.</summary>
    private TimeSpan Patience =>
        TimeSpan.FromSeconds(20)
        + (3 * _scenario.Lease)
        + _scenario.Callers.Aggregate(TimeSpan.Zero, (sum, plan) => sum + plan.Hold + (plan.Extend ?? default) + TimeSpan.FromSeconds(4) + (plan.Releases ? default : _scenario.Lease));

    /// <summary>What a few messages take, with as many threads that are slow.</summary>
    private TimeSpan Messages => (8 * _scenario.Processes.Max(plan => plan.Latency)) + (6 * _scenario.Hiccup) + World.Ms(150);

    public void ToItsEnd()
    {
        var last = _scenario.Faults.Select(fault => fault.At + fault.Time).Concat(_scenario.Callers.Select(plan => plan.At)).Max();
        _world.RunUntil(_start + last + LongestDelay + Patience);
        foreach (var caller in _callers.Where(caller => !caller.IsDone && !caller.Process.IsDead))
        {
            _world.Fail($"caller {caller.Number} waits for ever");
        }

        _world.ThrowIfFailed();
        _world.RunUntil(_world.Now + _scenario.Lease + TimeSpan.FromSeconds(60));
        foreach (var process in _processes.Where(process => !process.IsDead))
        {
            if (process.Mailbox.Count > 0)
            {
                _world.Fail($"{process.Name} still listens for {string.Join(", ", process.Mailbox.Keys.Select(FakeProcess.Short))}");
            }

            if (process.Drivers.Find(driver => !driver.IsForgotten) is not null)
            {
                _world.Fail($"{process.Name} has not forgotten its driver");
            }
        }

        if (_redis.Holder is { } holder)
        {
            _world.Fail($"{FakeProcess.Short(holder)} is left as the holder");
        }

        // Those of a process that is dead, or was cut off for long, have their expiry, and are left out when it is their turn.
        var left = _redis.Queue.Where(token => !_processes.Exists(process => ((process.IsDead || process.Connection.WasLate) && process.Owns(token)) || process.GivenUp.Contains(token))).ToList();
        if (left.Count > 0)
        {
            _world.Fail($"{string.Join(", ", left.Select(FakeProcess.Short))} left in the queue");
        }

        _world.ThrowIfFailed();
    }

    private void Check()
    {
        _ledger.Check();
        if (_isConnected)
        {
            _ledger.CheckThatDoubtIsSettled(TimeSpan.FromSeconds(1.1) + Messages);
        }

        if (!_isQuiet)
        {
            return;
        }

        // Nothing is broken: then nobody waits while nobody holds, but for the time of a few messages.
        if (_ledger.Believers.Any() || !_callers.Any(caller => caller.IsWaiting))
        {
            _idleSince = null;
        }
        else if (_world.Now - (_idleSince ??= _world.Now) > Messages)
        {
            _world.Fail("nobody holds, and somebody waits");
        }
    }

    private void Begins(Fault fault)
    {
        var hasBegun = false;
        if (fault.WhileBusy)
        {
            _processes[fault.Process].Connection.AtNextMove(Begin);
            _world.In(LongestDelay, Begin);
        }
        else
        {
            Begin();
        }

        void Begin()
        {
            if (!hasBegun)
            {
                hasBegun = true;
                Happens(fault);
            }
        }
    }

    private void Happens(Fault fault)
    {
        var process = _processes[fault.Process];
        var foreign = $"foreign client {fault.At.TotalMilliseconds}";
        _world.Note("FAULT", $"{fault.Kind} {process.Name} for {fault.Time.TotalSeconds} s");
        switch (fault.Kind)
        {
            case FaultKind.Pause:
                process.Pause(fault.Time);
                break;
            case FaultKind.Kill:
                process.Kill();
                break;
            case FaultKind.Cut:
                process.Connection.Cut(fault.Time);
                break;
            case FaultKind.Deafen:
                process.Connection.Deafen(fault.Time);
                break;
            case FaultKind.Stall:
                _processes.ForEach(each => each.Connection.Stall(fault.Time));
                break;
            case FaultKind.Delete:
                _redis.Delete();
                break;
            case FaultKind.FlushAll:
                _redis.FlushAll();
                break;
            case FaultKind.Overwrite:
                _redis.Overwrite(foreign, fault.Time);
                break;
            case FaultKind.Foreign:
                if (_redis.Take(foreign, fault.Time * 2))
                {
                    _world.In(fault.Time, () => _redis.DeleteIf(foreign));
                }

                break;
            case FaultKind.SetBack:
                _redis.SetBack += fault.Time;
                break;
            case FaultKind.Dispose:
                process.Do(() => process.Drivers.ForEach(driver => _ = driver.CloseAsync()));
                break;
        }
    }
}
