using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol.Simulation;

/// <summary>
/// One process's connection to the server: what is sent arrives in order, late, or, when it is cut, perhaps not at all; and so
/// the replies and the messages.
/// </summary>
internal sealed class FakeConnection(World world, FakeRedis redis, FakeProcess process, TimeSpan latency)
{
    // The client's own.
    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromSeconds(5);

    private readonly List<Sent> _underWay = [];
    private Action? _atNextMove;
    private TimeSpan _lastArrival;
    private TimeSpan _lastReply;
    private TimeSpan _lastMessage;
    private TimeSpan _stalledUntil;
    private TimeSpan _downUntil;
    private TimeSpan _deafUntil;

    public double LateMessages { get; set; }

    /// <summary>Whether the server counts the process as a listener.</summary>
    public bool Listens { get; set; }

    public double RepeatedMessages { get; set; }

    /// <summary>Whether a request has reached the server after others that were sent later.</summary>
    public bool WasLate { get; private set; }

    public bool IsDown => world.Now < _downUntil;

    /// <summary>Sends a command; the task fails if it is not answered.</summary>
    public Task<T> SendAsync<T>(string what, Func<FakeRedis, T> command)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (IsDown)
        {
            process.In(world.UpTo(World.Ms(1)), () => answer.TrySetException(new IOException("not connected")));
            return answer.Task;
        }

        Moves();
        var sent = new Sent(what, e => answer.TrySetException(e));
        _underWay.Add(sent);
        _lastArrival = Later(_lastArrival, world.Now + Travel());
        world.At(_lastArrival, () => Arrive(sent, () =>
        {
            var result = command(redis);
            world.Note(process.Name, $"{what} -> {Describe(result)}");
            if (sent.IsCut)
            {
                return;
            }

            _lastReply = Later(_lastReply, world.Now + Travel());
            world.At(_lastReply, () =>
            {
                if (!sent.IsCut)
                {
                    _underWay.Remove(sent);
                    process.Do(() => answer.TrySetResult(result));
                }
            });
        }));
        process.In(ReplyTimeout + world.UpTo(TimeSpan.FromSeconds(1)), () =>
        {
            _underWay.Remove(sent);
            answer.TrySetException(new TimeoutException());
        });
        return answer.Task;
    }

    /// <summary>The server sends a message; how many listeners it counts.</summary>
    public int Publish(string what, Action deliver)
    {
        if (!Listens)
        {
            return 0;
        }

        if (IsDown || world.Now < _deafUntil)
        {
            world.Note(process.Name, $"does not hear: {what}");
            return 1;
        }

        Moves();
        var late = world.Chance(LateMessages) ? world.UpTo(TimeSpan.FromSeconds(4)) : TimeSpan.Zero;
        _lastMessage = Later(_lastMessage, world.Now + Travel() + late);
        var down = _downUntil;
        for (var i = world.Chance(RepeatedMessages) ? 2 : 1; i > 0; i--)
        {
            world.At(_lastMessage, () =>
            {
                if (down == _downUntil)
                {
                    process.Do(deliver);
                }
            });
        }

        return 1;
    }

    /// <summary>Does that while the next request, reply or message is under way.</summary>
    public void AtNextMove(Action action) => _atNextMove += action;

    /// <summary>The connection breaks, and is back after that time; what was under way may have reached the server.</summary>
    public void Cut(TimeSpan time)
    {
        // Some of what was sent arrives, in order; no reply does. The server may take a while to notice. Or it reads the old
        // connection only when there is a new one, perhaps after what comes from there.
        var reach = world.Now + world.UpTo(latency * 2);
        var late = world.Chance(0.3) ? world.Now + time + world.UpTo(World.Ms(300)) : TimeSpan.Zero;
        (_downUntil, Listens) = (world.Now + time, Listens && world.Chance(0.5));
        foreach (var sent in _underWay)
        {
            (sent.IsCut, sent.Reach, sent.Late) = (true, reach, late);
            process.In(world.UpTo(World.Ms(2)), () => sent.Fail(new IOException("connection lost")));
        }

        _underWay.Clear();
        world.At(_downUntil, () =>
        {
            if (!IsDown)
            {
                var hears = world.Chance(0.8);
                Listens = process.Hearing == Hearing.Hears && hears;
                process.In(Travel() * 2, () => process.AskAll(hears));
            }
        });
    }

    /// <summary>For that time, messages get lost and nobody is told.</summary>
    public void Deafen(TimeSpan time) => _deafUntil = world.Now + time;

    /// <summary>For that time, the server hears nothing: what has been sent waits.</summary>
    public void Stall(TimeSpan time) => _stalledUntil = Later(_stalledUntil, world.Now + time);

    /// <summary>Nobody listens any more.</summary>
    public void Close() => (Listens, _downUntil) = (false, TimeSpan.MaxValue);

    private static string? Describe(object? result) => result is not AcquireReply reply ? result?.ToString()
        : reply.FirstFence is { } fence ? $"yours, fence {fence}"
        : $"{FakeProcess.Short(reply.Holder)} has it for {reply.HolderLeft?.TotalSeconds} s, rank {reply.Rank}";

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private void Moves()
    {
        if (_atNextMove is { } action)
        {
            _atNextMove = null;
            world.In(world.UpTo(latency * 3), action);
        }
    }

    private TimeSpan Travel() => latency + world.UpTo(latency / 2) + (world.Chance(0.02) ? world.UpTo(World.Ms(50)) : TimeSpan.Zero);

    private void Arrive(Sent sent, Action execute)
    {
        if (world.Now < _stalledUntil)
        {
            world.At(_stalledUntil, () => Arrive(sent, execute));
        }
        else if (sent.IsCut && world.Now < sent.Late)
        {
            WasLate = true;
            world.At(sent.Late, () => Arrive(sent, execute));
        }
        else if (!sent.IsCut || world.Now <= sent.Reach || sent.Late != TimeSpan.Zero)
        {
            execute();
        }
        else
        {
            world.Note(process.Name, $"{sent.What} is lost");
        }
    }

    private sealed class Sent(string what, Action<Exception> fail)
    {
        public string What => what;

        public Action<Exception> Fail => fail;

        public bool IsCut { get; set; }

        public TimeSpan Reach { get; set; }

        public TimeSpan Late { get; set; }
    }
}
