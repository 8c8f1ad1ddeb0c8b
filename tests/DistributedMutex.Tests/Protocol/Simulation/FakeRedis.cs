using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol.Simulation;

/// <summary>What the Lua scripts do, for one lock, in C#: the same steps in the same order. Time is the server's own clock.</summary>
internal sealed class FakeRedis(World world, bool alone)
{
    private const long GrantMs = 3000;
    private const long QueueMs = 3_600_000;
    private const long FenceMs = 600_000;

    private readonly List<string> _queue = [];
    private (string Token, long Until)? _lock;
    private (long Value, long Until)? _fence;
    private long _queueUntil;

    /// <summary>Sends a message to the process that a token belongs to: how many have heard it.</summary>
    public Func<string, string, long, TimeSpan, int> Publish { get; set; } = (_, _, _, _) => 0;

    /// <summary>Tokens whose lock somebody has taken away who may, as an operator: they are excused for believing.</summary>
    public HashSet<string> Robbed { get; } = [];

    /// <summary>When a token joined the queue.</summary>
    public Dictionary<string, TimeSpan> Joined { get; } = [];

    /// <summary>How far the server's clock has been set back.</summary>
    public TimeSpan SetBack { get; set; }

    /// <summary>Whether it has lost its last fence, and can go by its clock only.</summary>
    public bool HasForgotten { get; private set; }

    /// <summary>The token that holds the lock.</summary>
    public string? Holder => _lock is { } held && Milliseconds <= held.Until ? held.Token : (_lock = null)?.Token;

    public IReadOnlyList<string> Queue
    {
        get
        {
            if (Milliseconds > _queueUntil)
            {
                _queue.Clear();
            }

            return _queue;
        }
    }

    public TimeSpan Left => Holder is null ? TimeSpan.Zero : World.Ms(_lock!.Value.Until - Milliseconds);

    private TimeSpan Clock => world.Now + TimeSpan.FromDays(20_000) - SetBack;

    private long Milliseconds => Clock.Ticks / TimeSpan.TicksPerMillisecond;

    /// <summary>SET NX PX.</summary>
    public bool Take(string token, TimeSpan lease)
    {
        if (Holder is not null)
        {
            return false;
        }

        Give(token, Whole(lease));
        return true;
    }

    /// <summary>acquire.lua</summary>
    public AcquireReply Acquire(string token, TimeSpan lease, int fences, bool join)
    {
        if (Queue.Count == 0 && Take(token, lease))
        {
            return new AcquireReply(Mint(fences));
        }

        var promoted = false;
        if (Holder is null)
        {
            promoted = Promote();
            if (Take(token, lease))
            {
                return new AcquireReply(Mint(fences));
            }
        }

        if (Holder == token)
        {
            Prolong(token, Whole(lease), mayShorten: true);
            return new AcquireReply(Mint(fences));
        }

        if (join)
        {
            if (!_queue.Contains(token))
            {
                _queue.Add(token);
                Joined[token] = world.Now;
            }

            _queueUntil = Milliseconds + QueueMs;
        }

        return new AcquireReply(null, Left, Holder, World.Ms(Milliseconds), promoted ? 0 : _queue.IndexOf(token));
    }

    /// <summary>release.lua</summary>
    public int Release(string token)
    {
        if (Holder == token)
        {
            return Promote() ? 2 : 1;
        }

        var wasHead = Queue is [var head, ..] && head == token;
        _queue.Remove(token);
        if (Holder is null)
        {
            Promote();
        }
        else if (wasHead && _queue is [var second, ..])
        {
            Tell(second, "ask", 0);
        }

        return 0;
    }

    /// <summary>renew.lua</summary>
    public bool Renew(string token, TimeSpan lease, bool claim)
    {
        if (Holder != token)
        {
            return false;
        }

        Prolong(token, lease == TimeSpan.Zero ? 0 : Whole(lease), mayShorten: claim);
        return true;
    }

    /// <summary>watch.lua</summary>
    public bool Watch() => Holder is null && Promote();

    /// <summary>An operator's DEL.</summary>
    public void Delete()
    {
        Rob();
        _lock = null;
    }

    public void FlushAll()
    {
        Delete();
        _queue.Clear();
        _fence = null;
        HasForgotten = true;
    }

    /// <summary>A client of another kind, that takes the lock though it is not free.</summary>
    public void Overwrite(string token, TimeSpan lease)
    {
        Rob();
        Give(token, Whole(lease));
    }

    /// <summary>A client of another kind releases its lock.</summary>
    public void DeleteIf(string token)
    {
        if (Holder == token)
        {
            _lock = null;
        }
    }

    private static long Whole(TimeSpan lease) => Math.Max(1, lease.Ticks / TimeSpan.TicksPerMillisecond);

    private void Rob()
    {
        if (Holder is { } robbed)
        {
            Robbed.Add(robbed);
        }
    }

    private void Give(string token, long ms)
    {
        Robbed.Remove(token);
        _lock = (token, Milliseconds + ms);
    }

    // A grant, and nothing longer, may be made shorter.
    private void Prolong(string token, long ms, bool mayShorten)
    {
        var left = _lock!.Value.Until - Milliseconds;
        if (left < ms || (mayShorten && left <= GrantMs))
        {
            Give(token, ms);
        }
    }

    private bool Promote()
    {
        while (Queue is [var head, ..])
        {
            var heard = Tell(head, "grant", Mint(Line.Block));
            _queue.RemoveAt(0);
            if (heard > 0 || !alone)
            {
                Give(head, GrantMs);
                if (_queue is [var second, ..])
                {
                    Tell(second, "ask", GrantMs);
                }

                return true;
            }
        }

        _lock = null;
        return false;
    }

    private int Tell(string token, string what, long number) => Publish(token, what, number, World.Ms(Milliseconds));

    private long Mint(int count)
    {
        if (count == 0)
        {
            return 0;
        }

        var clock = Clock.Ticks / TimeSpan.TicksPerMicrosecond;
        var before = _fence is { } fence && Milliseconds <= fence.Until ? fence.Value : 0;
        _fence = (Math.Max(before, clock) + count, Milliseconds + FenceMs);
        return Math.Max(before, clock) + 1;
    }
}
