using DistributedMutex.Diagnostics;

namespace DistributedMutex.Protocol;

/// <summary>
/// One lock from its grant to its release or loss: counts down to its deadline on the local clock, says so when it
/// passes, and renews itself on the way if it belongs to a scope.
/// </summary>
#pragma warning disable CA1001 // _lost has neither timer nor wait handle, and callers may look at its token at any time.
internal sealed class Lease
#pragma warning restore CA1001
{
    // Timers take no more than 49 days; one that rings early is set again.
    public static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    private readonly Room _room;
    private readonly long _maxHoldEnd;
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _lost = new();
    private readonly Lock _gate = new();

    private State _state = State.Held;
    private long _end;
    private long _deadline;
    private long _nextRenewal = long.MaxValue;
    private bool _unclaimed;
    private bool _atMaxHold;
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

    public CancellationToken Lost => _lost.Token;

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
    public void Claim() => _ = RenewAsync();

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
    public Task<bool> ExtendAsync(TimeSpan lease, CancellationToken cancellationToken) =>
        ExtendAsync(lease, Book.ReplyTimeout, cancellationToken);

    /// <summary>Gives the lock back; false if it was not ours any more. When it throws, the outcome is unknown and it may be called again.</summary>
    public bool Release()
    {
        if (!TryBeginRelease())
        {
            return false;
        }

        if (_room.TryHandOver(this))
        {
            EndRelease(State.Released);
            return true;
        }

        var outcome = State.ReleaseFailed;
        try
        {
            var released = Book.Protocol.Release(_room.Keys, Token);
            outcome = State.Released;
            return released;
        }
        finally
        {
            EndRelease(outcome);
        }
    }

    /// <inheritdoc cref="Release"/>
    public async Task<bool> ReleaseAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!TryBeginRelease())
        {
            return false;
        }

        if (_room.TryHandOver(this))
        {
            EndRelease(State.Released);
            return true;
        }

        var outcome = State.ReleaseFailed;
        try
        {
            var released = await Book.Protocol.ReleaseAsync(_room.Keys, Token)
                .WaitAsync(Book.ReplyTimeout, Clock, cancellationToken).ConfigureAwait(false);
            outcome = State.Released;
            return released;
        }
        finally
        {
            EndRelease(outcome);
        }
    }

    /// <summary>Releases a lock that its caller has given up before it came.</summary>
    public async Task ReleaseUnwantedAsync() => await Book.ReleaseQuietlyAsync(this).ConfigureAwait(false);

    private async Task<bool> ExtendAsync(TimeSpan lease, TimeSpan replyTimeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!IsHeld)
        {
            return false;
        }

        var sent = Clock.GetTimestamp();
        var leftToHold = Clock.GetElapsedTime(sent, _maxHoldEnd);
        var atMaxHold = leftToHold <= lease;
        var bounded = atMaxHold ? leftToHold : lease;
        var claim = _unclaimed;
        var held = await Book.Protocol.RenewAsync(_room.Keys, Token, bounded, claim).WaitAsync(replyTimeout, Clock, cancellationToken).ConfigureAwait(false);
        if (!held)
        {
            Lose();
            return false;
        }

        lock (_gate)
        {
            if (claim && _unclaimed)
            {
                // The claim may be for a shorter time than the grant was.
                (_unclaimed, _end) = (false, 0);
            }

            _atMaxHold |= atMaxHold;
            MoveEnd(sent, bounded);
        }

        if (_state == State.Lost)
        {
            // Given up on the way: the key must not outlive that by a lease.
            Book.Protocol.ReleaseUnasked(_room.Keys, Token);
        }

        return IsHeld;
    }

    private async Task RenewAsync()
    {
        try
        {
            // A reply that does not come must leave time for another try.
            var replyTimeout = Book.Options.Lease / 3;
            await ExtendAsync(Book.Options.Lease, replyTimeout < Book.ReplyTimeout ? replyTimeout : Book.ReplyTimeout, CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Not to know is not to lose: the deadline decides, and until then we ask again.
            Log.RenewalFailed(Book.Logger, e, Resource);
            lock (_gate)
            {
                _nextRenewal = Clock.Later(Clock.GetTimestamp(), TimeLeft / 10);
                ArmTimer();
            }
        }
    }

    private void OnTimer()
    {
        bool renew, over;
        lock (_gate)
        {
            over = Clock.Until(_deadline) <= TimeSpan.Zero;
            renew = !over && _state == State.Held && Clock.Until(_nextRenewal) <= TimeSpan.Zero;
            if (renew)
            {
                // Planned again when the outcome is known.
                _nextRenewal = long.MaxValue;
                renew = _unclaimed || _scope!.TryGetTarget(out _);
            }
        }

        if (renew)
        {
            _ = RenewAsync();
        }
        else if (over)
        {
            Lose();
        }

        lock (_gate)
        {
            if (over && Clock.Until(ForgetAt) <= TimeSpan.Zero)
            {
                Forget();
            }
            else
            {
                ArmTimer();
            }
        }
    }

    private void Lose()
    {
        lock (_gate)
        {
            if (_state != State.Held)
            {
                return;
            }

            _state = State.Lost;
        }

        _room.Vacate(this);
        Abandon();
        Log.LockLost(Book.Logger, Resource);
    }

    /// <summary>Tells the holder that the lock can't be relied on any more.</summary>
    public void Abandon()
    {
        // On the pool: a callback may block or throw, and this may be the timer's thread.
        _ = _lost.CancelAsync().ContinueWith(
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

    // After the deadline the server may keep the key a little longer, so Unlock still asks it; then there is nothing left to ask.
    private long ForgetAt => Clock.Later(_deadline, Book.ReplyTimeout);

    private void Forget()
    {
        _timer.Dispose();
        Book.Forget(this);
    }

    private void Begin(long from, TimeSpan lease)
    {
        lock (_gate)
        {
            MoveEnd(from, lease);
        }
    }

    private void MoveEnd(long sent, TimeSpan lease)
    {
        var end = Clock.Later(sent, lease);
        if (end > _end)
        {
            (_end, _deadline) = (end, Clock.Later(sent, lease.LessDrift()));
        }

        // A third of a lease after the last renewal, which leaves two thirds for more tries; not once MaxHold is reached.
        _nextRenewal = _unclaimed || _atMaxHold || _scope is null ? long.MaxValue : Clock.Later(_end, Book.Options.Lease * (-2 / 3.0));
        ArmTimer();
    }

    private void ArmTimer()
    {
        var next = _state == State.Held ? Math.Min(_deadline, _nextRenewal) : ForgetAt;
        var due = Clock.Until(next);
        _timer.Change(due < TimeSpan.Zero ? TimeSpan.Zero : due < LongestTimer ? due : LongestTimer, Timeout.InfiniteTimeSpan);
    }
}
