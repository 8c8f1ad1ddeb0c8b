using DistributedMutex.Diagnostics;
using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <content>What comes next, and what it hears on the way: its room, replies, messages.</content>
internal sealed partial class Acquisition
{
    /// <summary>It is this caller's turn to ask Redis. Called with the room's gate held.</summary>
    public void Lead()
    {
        if (!_leads)
        {
            _leads = true;
            _news?.TrySetResult();
        }
    }

    /// <summary>The lock is this caller's. Called with the room's gate held.</summary>
    public void Receive(Lease lease)
    {
        _lease = lease;
        _news?.TrySetResult();
    }

    /// <summary>Ask again when that time has passed, or earlier.</summary>
    public void AskWithin(TimeSpan time)
    {
        lock (_room.Gate)
        {
            _askAt = Math.Min(_askAt, Clock.Later(Clock.GetTimestamp(), time + (time > TimeSpan.Zero ? Afterwards : TimeSpan.Zero)));
            _news?.TrySetResult();
        }
    }

    /// <summary>A grant has arrived. Unless it is too old to be believed, the lock is this caller's, for the short time of a grant.</summary>
    public void Grant(long fence, TimeSpan serverTime)
    {
        lock (_room.Gate)
        {
            if (Place is null)
            {
                return;
            }

            // How long the message took cannot be seen. But it is not older than our clock says since the join was sent,
            // less what the server's clock says between join and grant; 1 % is for clocks of different speed.
            var since = Clock.GetElapsedTime(_joinSent);
            var age = _joinTime is { } joinTime ? (since * 1.01) - (serverTime - joinTime) : since;
            if (age > Claimable / 2)
            {
                AskWithin(TimeSpan.Zero);
                return;
            }

            // The claim may make it shorter still.
            var left = Claimable - (age > TimeSpan.Zero ? age : TimeSpan.Zero);
            var lease = new Lease(_room, _token, fence, left < _book.FirstLease ? left : _book.FirstLease);
            lease.Claim();
            _room.Begin(this, lease, Room.Fences);
        }
    }

    private Step Next(CancellationToken stop, out long sent, out Task news, out TimeSpan timeout)
    {
        lock (_room.Gate)
        {
            sent = Clock.GetTimestamp();
            (news, timeout) = (Task.CompletedTask, default);
            if (_lease is not null)
            {
                return Step.Done;
            }

            stop.ThrowIfCancellationRequested();
            if (IsWaitOver && !_unsure && (_asked || !_leads))
            {
                return Step.Done;
            }

            if (_leads && (_askAt <= sent || IsWaitOver))
            {
                // Without a subscription a grant would not be heard. The very first question does without: the lock is often free.
                _joins = _wait != TimeSpan.Zero && _book.Grants.IsSubscribed;
                if (_wait != TimeSpan.Zero && !_joins && (_asked || !_book.Grants.IsFirstQuestion()))
                {
                    return Step.Subscribe;
                }

                if (_joins)
                {
                    // Before it is sent: the grant may overtake the reply.
                    _book.Grants.Register(_token, this);
                }

                (_asked, _owes, _fencesAsked, _askAt, _joinSent, _joinTime) = (true, true, _room.FencesWanted, Never, sent, null);
                return Step.Ask;
            }

            var left = _wait == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : _wait - Waited;
            if (_leads && _askAt != Never && Clock.Until(_askAt) is var untilAsk && untilAsk < left)
            {
                left = untilAsk;
            }

            _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            news = _news.Task;
            timeout = left < TimeSpan.Zero ? TimeSpan.Zero : left < Lease.LongestTimer ? left : Lease.LongestTimer;
            return Step.Wait;
        }
    }

    private void Read(AcquireReply reply, long sent)
    {
        lock (_room.Gate)
        {
            _unsure = false;
            if (_lease is not null)
            {
                // The grant came first.
                return;
            }

            _holder = reply.Holder;
            if (reply.FirstFence is { } fence)
            {
                if (Clock.GetElapsedTime(sent) < _book.FirstLease.LessDrift())
                {
                    _room.Begin(this, new Lease(_room, _token, fence, sent), _fencesAsked);
                    return;
                }

                // The reply took so long that the lease can't be relied on. Asking again renews it.
                _askAt = sent;
                return;
            }

            if (!_joins)
            {
                // Nothing was left in Redis. Who waits asks again, with a subscription.
                _owes = false;
                _askAt = sent;
                return;
            }

            _joinTime = reply.ServerTime;
            var again = reply.HolderLeft is { } left ? left + Afterwards : (TimeSpan?)null;
            if (!reply.IsHead && again < _book.FirstLease + Claimable)
            {
                // The next in the queue sees to the holder's end, and whoever becomes the next is told. The others only make
                // sure that it is not dead as well; the time left may be no more than that of a grant not yet claimed.
                again = _book.FirstLease + Claimable;
            }

            if (reply.IsHead && !OwnerToken.IsOurs(reply.Holder))
            {
                var pause = _strategy is null ? _retry : _strategy.Pause(_retries++);
                _givesUp = pause is null;
                again = again < pause ? again : pause;
            }

            if (again is { } time)
            {
                _askAt = Math.Min(_askAt, Clock.Later(Clock.GetTimestamp(), time));
            }
        }
    }

    // A request whose reply was lost may have been granted: asking again with the same token finds out.
    private bool IsWorthAnotherTry(Exception e) => e is RedisConnectionException or TimeoutException && !IsWaitOver;

    private void TryLater(Exception e)
    {
        Log.AcquireFailed(_book.Logger, e, _resource);
        lock (_room.Gate)
        {
            _unsure = true;
            _askAt = Clock.Later(Clock.GetTimestamp(), _retry);
        }
    }
}
