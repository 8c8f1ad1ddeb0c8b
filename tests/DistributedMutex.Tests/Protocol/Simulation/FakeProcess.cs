using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol.Simulation;

/// <summary>
/// A process with one instance of the mutex: its clock, its threads, which may all stop for a while, and its mailbox. As a
/// synchronization context it keeps what awaits in here on the world's timeline.
/// </summary>
internal sealed class FakeProcess : SynchronizationContext
{
    private static readonly Task Never = new TaskCompletionSource().Task;
    private readonly World _world;
    private readonly double _speed;
    private readonly Func<FakeDriver> _newDriver;
    private readonly List<(Action Action, TimeSpan Local)> _backlog = [];
    private readonly TimeSpan _hiccup;
    private readonly Hearing _willHear;
    private TimeSpan _pausedUntil;
    private TimeSpan? _frozen;
    private FakeDriver? _driver;

    public FakeProcess(World world, FakeRedis redis, Ledger ledger, int number, ProcessPlan plan, Scenario scenario, LineOptions options)
    {
        (_world, _speed, _hiccup, Number) = (world, plan.Speed, scenario.Hiccup, number);
        Connection = new FakeConnection(world, redis, this, plan.Latency) { LateMessages = scenario.LateMessages, RepeatedMessages = scenario.LateMessages };
        _willHear = plan.Hears ? Hearing.Hears : Hearing.Refused;
        var tokens = 0;
        options = options with { NewToken = () => $"{Name}:{++tokens:x32}" };
        _newDriver = () => new FakeDriver(world, this, options, ledger);
    }

    public int Number { get; }

    public string Name => $"p{Number}";

    public bool Owns(string token) => token.StartsWith(Name + ":", StringComparison.Ordinal);

    public FakeConnection Connection { get; }

    public Dictionary<string, FakeDriver> Mailbox { get; } = [];

    /// <summary>Tokens whose release could not be sent for so long that it is not tried any more.</summary>
    public HashSet<string> GivenUp { get; } = [];

    public List<FakeDriver> Drivers { get; } = [];

    public Hearing Hearing { get; private set; }

    public bool IsDead { get; private set; }

    public bool IsPaused => _world.Now < _pausedUntil;

    /// <summary>The process's clock.</summary>
    public TimeSpan LocalNow => TimeSpan.FromHours(7 + Number) + (_world.Now * _speed);

    /// <summary>The same as code sees it: it may have read it, and then slept.</summary>
    public TimeSpan Now
    {
        get
        {
            var now = _frozen ?? LocalNow;
            _frozen = null;
            return now;
        }
    }

    public override void Post(SendOrPostCallback d, object? state) => Do(() => d(state));

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    /// <summary>A thread does that soon.</summary>
    public void Do(Action action) => In(_world.UpTo(_world.Chance(0.02) ? _hiccup : World.Ms(0.02)), action);

    /// <summary>A thread does that after a time.</summary>
    public void In(TimeSpan time, Action action) => _world.In(time, () => Run(action));

    /// <summary>A timer rings at that moment of the process's clock, or a little later.</summary>
    public void AtLocal(TimeSpan local, Action action)
    {
        if (local != Clock.Never)
        {
            _world.At(((local - TimeSpan.FromHours(7 + Number)) / _speed) + TimeSpan.FromTicks(1) + _world.UpTo(World.Ms(0.5)), () => Run(action));
        }
    }

    /// <summary>A thread may lose its processor here.</summary>
    public async Task MaySleepAsync()
    {
        if (_world.Chance(0.1))
        {
            await SleepAsync(_world.UpTo(_hiccup));
        }
    }

    public Task SleepAsync(TimeSpan time) => PassAsync(Never, LocalNow + time, CancellationToken.None);

    /// <summary>Waits until a task has completed, or until a moment of the process's clock, or it is no use.</summary>
    public async Task PassAsync(Task task, TimeSpan until, CancellationToken stop)
    {
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stopping = stop.Register(() => over.TrySetResult());
        AtLocal(until, () => over.TrySetResult());
        _ = FollowAsync();
        await over.Task;

        async Task FollowAsync()
        {
            await task.ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
            over.TrySetResult();
        }
    }

    public async Task SubscribeAsync()
    {
        await Connection.SendAsync("subscribe", _ => Connection.Listens = true);
        Hearing = _willHear;
    }

    /// <summary>The driver for the resource: that of before, or a new one.</summary>
    public FakeDriver Driver()
    {
        if (_driver is null)
        {
            _driver = _newDriver();
            Drivers.Add(_driver);
        }

        return _driver;
    }

    public void Forget(FakeDriver driver) => _driver = _driver == driver ? null : _driver;

    /// <summary>A message from the server, on its way to whoever the token belongs to.</summary>
    public int Publish(string token, string what, long number, TimeSpan serverTime) => Connection.Publish($"{what} {Short(token)}", () =>
    {
        if (Mailbox.TryGetValue(token, out var driver))
        {
            _world.Note(Name, $"hears: {what} {Short(token)} {number}");
            driver.Hear(what, token, number, serverTime);
        }
        else if (what == "grant")
        {
            // Nobody here waits for it any more. Given back once: if that gets lost, it ends by itself.
            _ = Connection.SendAsync($"give back {Short(token)}", redis => redis.Release(token));
        }
    });

    /// <summary>The connection is back: whoever waits should look, and subscribe if the subscription could not be had again.</summary>
    public void AskAll(bool hears)
    {
        Hearing = Hearing == Hearing.Hears && !hears ? Hearing.NotYet : Hearing;
        foreach (var driver in Mailbox.Values.Distinct().ToList())
        {
            driver.AskWithin(null, TimeSpan.Zero);
        }
    }

    /// <summary>No thread runs for that time, as after SIGSTOP; then everything that came meanwhile comes at once, in any order.</summary>
    public void Pause(TimeSpan time)
    {
        if (IsDead || IsPaused)
        {
            return;
        }

        var stopped = LocalNow;
        _pausedUntil = _world.Now + time;
        _world.At(_pausedUntil, () =>
        {
            var backlog = _backlog.ToList();
            _backlog.Clear();
            _world.Shuffle(backlog);
            foreach (var (action, came) in backlog)
            {
                // The threads do not stop all at once: one may have come so far as to read the clock.
                var frozen = came - stopped < World.Ms(5) && _world.Chance(0.5) ? came : (TimeSpan?)null;
                _world.In(_world.UpTo(World.Ms(3)), () => Run(action, frozen));
            }
        });
    }

    public void Kill()
    {
        IsDead = true;
        Connection.Close();
    }

    public static string Short(string? token) => token is null ? "nobody" : token.IndexOf(':') is var colon and >= 0 ? token[..colon] + token[colon..].TrimStart(':', '0').Insert(0, ":") : token;

    private void Run(Action action, TimeSpan? frozen = null)
    {
        if (IsDead)
        {
            return;
        }

        if (IsPaused)
        {
            _backlog.Add((action, LocalNow));
            return;
        }

        var before = Current;
        SetSynchronizationContext(this);
        _frozen = frozen;
        try
        {
            action();
        }
        finally
        {
            _frozen = null;
            SetSynchronizationContext(before);
        }
    }
}
