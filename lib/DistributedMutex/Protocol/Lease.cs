using DistributedMutex.Diagnostics;

namespace DistributedMutex.Protocol;

/// <summary>
/// One lock from its grant to its release or loss: counts down to its deadline on the local clock, says so when it
/// passes, and renews itself on the way if it belongs to a scope.
/// </summary>
#pragma warning disable CA1001 // _lost has neither timer nor wait handle, and callers may look at its token at any time.
internal sealed partial class Lease
#pragma warning restore CA1001
{
    // Timers take no more than 49 days; one that rings early is set again.
    public static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    private readonly Room _room;
    private readonly long _maxHoldEnd;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();

    private State _state = State.Held;
    private long _end;
    private long _deadline;
    private long _nextRenewal = long.MaxValue;
    private bool _unclaimed;
    private Task _claim = Task.CompletedTask;
    private bool _atMaxHold;
    private bool _abandoned;
    private CancellationTokenSource? _lost;
    private WeakReference<MutexLock>? _scope;

    /// <summary>A lock that was free.</summary>
    /// <param name="room">Where it was waited for.</param>
    /// <param name="token">The owner token that the lock's key holds.</param>
    /// <param name="fence">The fencing token that came with it.</param>
    /// <param name="sent">When the request was sent: the server's lease began after it, so it ends after ours.</param>
    public Lease(Room room, string token, long fence, long sent)
        : this(room, token, fence) => Begin(sent, Book.FirstLease);

    /// <summary>A lock that was granted, for the short time <paramref name="left"/>: <see cref="Claim"/> is to follow.</summary>
    public Lease(Room room, string token, long fence, TimeSpan left)
        : this(room, token, fence)
    {
        _unclaimed = true;
        Begin(Clock.GetTimestamp(), left);
    }

    private Lease(Room room, string token, long fence)
    {
        (_room, Token, Fence) = (room, token, fence);
        _maxHoldEnd = Book.Options.MaxHold is { } maxHold ? Clock.Later(Clock.GetTimestamp(), maxHold) : long.MaxValue;

        // The timer must not keep the caller's context: that may refer to the scope, which then would never be dropped.
        using var noContext = ExecutionContext.SuppressFlow();
        _timer = Clock.CreateTimer(static lease => ((Lease)lease!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Book.Add(this);
    }

    private enum State
    {
        Held,
        Lost,
        Releasing,
        ReleaseFailed,
        Released,
    }

    public string Resource => _room.Keys.Resource;

    public string Token { get; }

    public long Fence { get; }

    public CancellationToken Lost
    {
        get
        {
            lock (_gate)
            {
                return _lost is null && _abandoned ? new CancellationToken(canceled: true) : (_lost ??= new()).Token;
            }
        }
    }

    public bool IsHeld => Remaining > TimeSpan.Zero;

    public TimeSpan Remaining
    {
        get
        {
            lock (_gate)
            {
                return _state == State.Held && Clock.Until(_deadline) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }
    }

    /// <summary>The time to the deadline, also while the lock is being released; negative if it has passed.</summary>
    public TimeSpan TimeLeft => Clock.Until(Volatile.Read(ref _deadline));

    private LeaseBook Book => _room.Book;

    private TimeProvider Clock => Book.Options.TimeProvider;

    /// <summary>The lease of the next holder in this process: the same in Redis, with a fence of its own.</summary>
    public Lease Succeed(long fence)
    {
        var next = new Lease(_room, Token, fence);
        lock (next._gate)
        {
            (next._end, next._deadline) = (_end, _deadline);
            next.ArmTimer();
        }

        return next;
    }

    /// <summary>Makes a grant a whole lease. The holder need not wait for the reply: until it comes the grant's time counts.</summary>
    public void Claim() => _claim = RenewAsync(claim: true);

    /// <summary>Renews from now on, while somebody refers to <paramref name="scope"/>: a dropped handle must not hold for ever.</summary>
    public void RenewFor(MutexLock scope)
    {
        lock (_gate)
        {
            _scope = new WeakReference<MutexLock>(scope);
            MoveEnd(_end, TimeSpan.Zero);
        }
    }

    /// <summary>Lets the lease end no earlier than <paramref name="lease"/> from now; false if the lock is not ours any more.</summary>
    public async Task<bool> ExtendAsync(TimeSpan lease, CancellationToken cancellationToken)
    {
        // A claim that the server has to be sent a second time, whole, must not come after the extension: it may shorten the lease.
        await _claim.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await ExtendAsync(lease, Book.ReplyTimeout, claim: false, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives the lock back; false if it was not ours any more. When it throws, the outcome is unknown and it may be called again.</summary>
    public bool Release()
    {
        var asked = Clock.GetTimestamp();
        if (!TryBeginRelease())
        {
            return false;
        }

        if (_room.TryHandOver(this))
        {
            EndRelease(State.Released);
            EndHold(State.Released, asked);
            return true;
        }

        var (outcome, hold) = (State.ReleaseFailed, State.ReleaseFailed);
        try
        {
            var released = Book.Protocol.Release(_room.Keys, Token);
            (outcome, hold) = (State.Released, released ? State.Released : State.Lost);
            return released;
        }
        finally
        {
            EndRelease(outcome);
            EndHold(hold, asked);
        }
    }

    /// <inheritdoc cref="Release"/>
    public async Task<bool> ReleaseAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var asked = Clock.GetTimestamp();
        if (!TryBeginRelease())
        {
            return false;
        }

        if (_room.TryHandOver(this))
        {
            EndRelease(State.Released);
            EndHold(State.Released, asked);
            return true;
        }

        var (outcome, hold) = (State.ReleaseFailed, State.ReleaseFailed);
        try
        {
            var released = await Book.Protocol.ReleaseAsync(_room.Keys, Token)
                .Within(Book.ReplyTimeout, Clock, cancellationToken).ConfigureAwait(false);
            (outcome, hold) = (State.Released, released ? State.Released : State.Lost);
            return released;
        }
        finally
        {
            EndRelease(outcome);
            await Reply.OffTheClientsThread();
            EndHold(hold, asked);
        }
    }

    /// <summary>Gives up: whether or not the lock is still there, it is held no more, and its lease frees it.</summary>
    public void Lose()
    {
        long at;
        lock (_gate)
        {
            if (_state != State.Held)
            {
                return;
            }

            _state = State.Lost;
            at = Math.Min(_deadline, Clock.GetTimestamp());
        }

        _room.Vacate(this);
        Abandon();
        EndHold(State.Lost, at);
    }

    /// <summary>Tells the holder that the lock can't be relied on any more.</summary>
    public void Abandon()
    {
        CancellationTokenSource? lost;
        lock (_gate)
        {
            _abandoned = true;
            lost = _lost;
        }

        // On the pool: a callback may block or throw, and this may be the timer's thread.
        _ = lost?.CancelAsync().ContinueWith(
            static (failed, lease) => Log.LostCallbackThrew(((Lease)lease!).Book.Logger, failed.Exception!, ((Lease)lease).Resource),
            this,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);
    }

    private bool TryBeginRelease()
    {
        lock (_gate)
        {
            if (_state is State.Releasing or State.Released)
            {
                return false;
            }

            _state = State.Releasing;
            return true;
        }
    }

    private void EndRelease(State outcome)
    {
        lock (_gate)
        {
            _state = outcome;
            if (outcome == State.Released)
            {
                Forget();
                return;
            }
        }

        Abandon();
    }
}
