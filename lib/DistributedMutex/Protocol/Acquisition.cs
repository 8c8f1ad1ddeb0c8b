using DistributedMutex.Diagnostics;
using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <summary>
/// One caller's way to a lock. It waits in the line of its <see cref="Room"/>; at the head of it, it asks Redis, joins the
/// queue there, and is granted the lock by a message. It asks again only when the holder's time has passed, when it is
/// told to, or, next in the queue behind a client of another kind, every retry.
/// </summary>
internal sealed class Acquisition
{
    private const long Never = long.MaxValue;

    // As in baton.lua.
    private static readonly TimeSpan Claimable = TimeSpan.FromSeconds(3);

    // When somebody's time has passed the key is gone; a moment before, it would cost another question.
    private static readonly TimeSpan Afterwards = TimeSpan.FromMilliseconds(5);

    private readonly LeaseBook _book;
    private readonly string _resource;
    private readonly string _token;
    private readonly TimeSpan _wait;
    private readonly TimeSpan _retry;
    private readonly long _started;

    private Room _room = null!;

    // Guarded by the room's gate.
    private TaskCompletionSource _news = NewSignal();
    private Lease? _lease;
    private bool _leads;
    private bool _unsure;
    private bool _asked;
    private bool _joins;
    private bool _owes;
    private int _fencesAsked;
    private Task _pending = Task.CompletedTask;
    private long _askAt;
    private long _joinSent;
    private TimeSpan? _joinTime;
    private string? _holder;

    public Acquisition(LeaseBook book, string resource, TimeSpan wait, TimeSpan retry)
    {
        (_book, _resource, _wait, _retry) = (book, resource, wait, retry);
        _token = OwnerToken.New(book.Grants.ClientId);
        _started = Clock.GetTimestamp();
    }

    private enum Step
    {
        Subscribe,
        Ask,
        Wait,
        Done,
    }

    /// <summary>Where it stands in the room's line; null when it has left it.</summary>
    public LinkedListNode<Acquisition>? Place { get; set; }

    private TimeProvider Clock => _book.Options.TimeProvider;

    private TimeSpan Waited => Clock.GetElapsedTime(_started);

    private bool IsWaitOver => _wait != Timeout.InfiniteTimeSpan && Waited >= _wait;

    /// <summary>Completes when no request of this caller is under way any more.</summary>
    public Task Settled { get; private set; } = Task.CompletedTask;

    public LockAcquisitionException NotAcquired() =>
        new(_resource, Waited, _holder is null ? _leads ? null : "another caller of this instance" : OwnerToken.Describe(_holder));

    /// <summary>The lease, or null when the wait is over. Whatever else ends it, nothing stays locked for this caller.</summary>
    public Lease? Run(CancellationToken stop)
    {
        _room = _book.Enter(_resource, this);
        try
        {
            while (true)
            {
                switch (Next(stop, out var sent, out var news, out var timeout))
                {
                    case Step.Done:
                        return Finish();
                    case Step.Wait:
                        news.Wait(timeout, stop);
                        break;
                    case Step.Subscribe:
                        _book.Grants.Subscribe(stop);
                        break;
                    default:
                        try
                        {
                            Read(_book.Protocol.Acquire(_room.Keys, _token, _book.FirstLease, _fencesAsked, _joins), sent);
                        }
                        catch (Exception e) when (IsWorthAnotherTry(e))
                        {
                            TryLater(e);
                        }

                        break;
                }
            }
        }
        catch
        {
            Leave();
            throw;
        }
    }

    /// <inheritdoc cref="Run"/>
    public async Task<Lease?> RunAsync(CancellationToken stop)
    {
        _room = _book.Enter(_resource, this);
        try
        {
            while (true)
            {
                switch (Next(stop, out var sent, out var news, out var timeout))
                {
                    case Step.Done:
                        return Finish();
                    case Step.Wait:
                        await news.WaitAsync(timeout, Clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                        break;
                    case Step.Subscribe:
                        await _book.Grants.SubscribeAsync(_book.ReplyTimeout, stop).ConfigureAwait(false);
                        break;
                    default:
                        try
                        {
                            var asking = _book.Protocol.AcquireAsync(_room.Keys, _token, _book.FirstLease, _fencesAsked, _joins);
                            _pending = asking;
                            Read(await asking.WaitAsync(_book.ReplyTimeout, Clock, stop).ConfigureAwait(false), sent);
                        }
                        catch (Exception e) when (IsWorthAnotherTry(e))
                        {
                            TryLater(e);
                        }

                        break;
                }
            }
        }
        catch
        {
            Leave();
            throw;
        }
    }

    /// <summary>It is this caller's turn to ask Redis. Called with the room's gate held.</summary>
    public void Lead()
    {
        if (!_leads)
        {
            _leads = true;
            _news.TrySetResult();
        }
    }

    /// <summary>The lock is this caller's. Called with the room's gate held.</summary>
    public void Receive(Lease lease)
    {
        _lease = lease;
        _news.TrySetResult();
    }

    /// <summary>Ask again when that time has passed, or earlier.</summary>
    public void AskWithin(TimeSpan time)
    {
        lock (_room.Gate)
        {
            _askAt = Math.Min(_askAt, Clock.Later(Clock.GetTimestamp(), time + (time > TimeSpan.Zero ? Afterwards : TimeSpan.Zero)));
            _news.TrySetResult();
        }
    }

    /// <summary>A grant has arrived. Unless it is too old to be believed, the lock is this caller's, for the short time of a grant.</summary>
    public void Grant(long fence, TimeSpan serverTime)
    {
        Lease lease;
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

            var left = Claimable - (age > TimeSpan.Zero ? age : TimeSpan.Zero);
            lease = new Lease(_room, _token, fence, left);
            _room.Begin(this, lease, Room.Fences);
        }

        lease.Claim();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Step Next(CancellationToken stop, out long sent, out Task news, out TimeSpan timeout)
    {
        lock (_room.Gate)
        {
            sent = Clock.GetTimestamp();
            timeout = default;
            if (_news.Task.IsCompleted)
            {
                _news = NewSignal();
            }

            news = _news.Task;
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
            if (reply.IsHead && !OwnerToken.IsOurs(reply.Holder) && !(again < _retry))
            {
                again = _retry;
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

    private Lease? Finish()
    {
        if (_lease is null)
        {
            Leave();
        }
        else
        {
            _book.Grants.Unregister(_token);
        }

        return _lease;
    }

    private void Leave()
    {
        _book.Grants.Unregister(_token);
        _room.Leave(this);
        Lease? unwanted;
        lock (_room.Gate)
        {
            unwanted = _lease;
            _lease = null;
        }

        try
        {
            if (unwanted is not null)
            {
                _ = unwanted.ReleaseUnwantedAsync();
            }
            else if (_owes && _pending.IsCompleted)
            {
                _book.Protocol.ReleaseUnasked(_room.Keys, _token);
            }
            else if (_owes)
            {
                // A request under way may yet be sent a second time, whole, when its hash proves to be unknown.
                Settled = _pending.ContinueWith(_ => _book.Protocol.ReleaseUnasked(_room.Keys, _token), TaskScheduler.Default);
            }
        }
        catch (Exception e)
        {
            Log.ReleaseFailed(_book.Logger, e, _resource);
        }
    }
}
