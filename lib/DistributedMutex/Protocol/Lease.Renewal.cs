using DistributedMutex.Diagnostics;

namespace DistributedMutex.Protocol;

/// <content>Its clock: the deadline, and the renewals that move it.</content>
internal sealed partial class Lease
{
    private async Task<bool> ExtendAsync(TimeSpan lease, TimeSpan replyTimeout, bool claim, CancellationToken cancellationToken)
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
        bool held;
        try
        {
            held = await Book.Protocol.RenewAsync(_room.Keys, Token, bounded, claim).Within(replyTimeout, Clock, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await Reply.OffTheClientsThread();
        }

        if (!held)
        {
            Lose();
            return false;
        }

        lock (_gate)
        {
            _unclaimed = false;
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

    // Only the first try of a claim is sent as one, which may shorten the time of the grant: it is answered, or given up,
    // before any extension is sent.
    private async Task RenewAsync(bool claim = false)
    {
        try
        {
            // A reply that does not come must leave time for another try.
            var replyTimeout = Book.Options.Lease / 3;
            await ExtendAsync(Book.Options.Lease, replyTimeout < Book.ReplyTimeout ? replyTimeout : Book.ReplyTimeout, claim, CancellationToken.None)
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
                renew = _unclaimed || _scope?.TryGetTarget(out _) == true;
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
