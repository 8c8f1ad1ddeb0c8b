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
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    private readonly LeaseBook _book;
    private readonly LockKeys _keys;
    private readonly long _maxHoldEnd;
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _lost = new();
    private readonly Lock _gate = new();

    private State _state = State.Held;
    private long _end;
    private long _deadline;
    private long _nextRenewal = long.MaxValue;
    private WeakReference<MutexLock>? _scope;

    /// <param name="book">Where the leases of this instance are kept.</param>
    /// <param name="keys">The keys of the resource.</param>
    /// <param name="token">The owner token that the lock's key holds.</param>
    /// <param name="fence">The fencing token that came with the grant.</param>
    /// <param name="sent">When the request was sent: the server's lease began after it, so it ends after ours.</param>
    public Lease(LeaseBook book, LockKeys keys, string token, long fence, long sent)
    {
        (_book, _keys, Token, Fence) = (book, keys, token, fence);
        _maxHoldEnd = book.Options.MaxHold is { } maxHold ? Clock.Later(sent, maxHold) : long.MaxValue;
        _timer = Clock.CreateTimer(static lease => ((Lease)lease!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        book.Add(this);
        lock (_gate)
        {
            MoveEnd(sent, book.FirstLease);
        }
    }

    private enum State
    {
        Held,
        Lost,
        Releasing,
        ReleaseFailed,
        Released,
    }

    public string Resource => _keys.Resource;

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

    private TimeProvider Clock => _book.Options.TimeProvider;

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
        ExtendAsync(lease, _book.ReplyTimeout, cancellationToken);

    /// <summary>Gives the lock back; false if it was not ours any more. When it throws, the outcome is unknown and it may be called again.</summary>
    public bool Release()
    {
        if (!TryBeginRelease())
        {
            return false;
        }

        var outcome = State.ReleaseFailed;
        try
        {
            var released = _book.Protocol.Release(_keys, Token);
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

        var outcome = State.ReleaseFailed;
        try
        {
            var released = await _book.Protocol.ReleaseAsync(_keys, Token)
                .WaitAsync(_book.ReplyTimeout, Clock, cancellationToken).ConfigureAwait(false);
            outcome = State.Released;
            return released;
        }
        finally
        {
            EndRelease(outcome);
        }
    }

    private async Task<bool> ExtendAsync(TimeSpan lease, TimeSpan replyTimeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!IsHeld)
        {
            return false;
        }

        var sent = Clock.GetTimestamp();
        var leftToHold = Clock.GetElapsedTime(sent, _maxHoldEnd);
        var bounded = lease < leftToHold ? lease : leftToHold;
        var held = await _book.Protocol.RenewAsync(_keys, Token, bounded).WaitAsync(replyTimeout, Clock, cancellationToken).ConfigureAwait(false);
        if (!held)
        {
            Lose();
            return false;
        }

        lock (_gate)
        {
            MoveEnd(sent, bounded);
        }

        return IsHeld;
    }

    private async Task RenewAsync()
    {
        try
        {
            // A reply that does not come must leave time for another try.
            var replyTimeout = _book.Options.Lease / 3;
            await ExtendAsync(_book.Options.Lease, replyTimeout < _book.ReplyTimeout ? replyTimeout : _book.ReplyTimeout, CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Not to know is not to lose: the deadline decides, and until then we ask again.
            Log.RenewalFailed(_book.Logger, e, Resource);
            lock (_gate)
            {
                _nextRenewal = Clock.Later(Clock.GetTimestamp(), _book.Options.Lease / 10);
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
                // Planned again when the outcome is known, so that no two are under way.
                _nextRenewal = long.MaxValue;
                renew = _scope!.TryGetTarget(out _);
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

        Log.LockLost(_book.Logger, Resource);

        // On the pool: a callback may block or throw, and this may be the timer's thread.
        _ = _lost.CancelAsync().ContinueWith(
            static (failed, lease) => Log.LostCallbackThrew(((Lease)lease!)._book.Logger, failed.Exception!, ((Lease)lease).Resource),
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
            }
        }
    }

    // After the deadline the server may keep the key a little longer, so Unlock still asks it; then there is nothing left to ask.
    private long ForgetAt => Clock.Later(_deadline, _book.ReplyTimeout);

    private void Forget()
    {
        _timer.Dispose();
        _book.Forget(this);
    }

    private void MoveEnd(long sent, TimeSpan lease)
    {
        var end = Clock.Later(sent, lease);
        if (end > _end)
        {
            (_end, _deadline) = (end, Clock.Later(sent, lease.LessDrift()));
        }

        // A third of a lease after the last renewal, which leaves two thirds for more tries; not once MaxHold is reached.
        _nextRenewal = _scope is null || _end >= _maxHoldEnd ? long.MaxValue : Clock.Later(_end, _book.Options.Lease * (-2 / 3.0));
        ArmTimer();
    }

    private void ArmTimer()
    {
        var next = _state == State.Held ? Math.Min(_deadline, _nextRenewal) : ForgetAt;
        var due = Clock.Until(next);
        _timer.Change(due < TimeSpan.Zero ? TimeSpan.Zero : due < LongestTimer ? due : LongestTimer, Timeout.InfiniteTimeSpan);
    }
}
