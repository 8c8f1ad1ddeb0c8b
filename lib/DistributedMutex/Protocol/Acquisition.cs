using DistributedMutex.Diagnostics;
using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <summary>
/// One caller's way to a lock. It waits in the line of its <see cref="Room"/>; at the head of it, it asks Redis, joins the
/// queue there, and is granted the lock by a message. It asks again only when the holder's time has passed, when it is
/// told to, or, next in the queue behind a client of another kind, every retry.
/// </summary>
internal sealed partial class Acquisition
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
    private readonly RetryStrategy? _strategy;
    private readonly long _started;

    private Room _room = null!;

    // Guarded by the room's gate.
    private TaskCompletionSource? _news;
    private Lease? _lease;
    private bool _leads;
    private bool _unsure;
    private bool _asked;
    private bool _joins;
    private bool _owes;
    private int _fencesAsked;
    private int _retries;
    private bool _givesUp;
    private Task _pending = Task.CompletedTask;
    private long _askAt;
    private long _joinSent;
    private TimeSpan? _joinTime;
    private string? _holder;

    public Acquisition(LeaseBook book, string resource, TimeSpan wait, TimeSpan retry, RetryStrategy? strategy)
    {
        (_book, _resource, _wait, _retry, _strategy) = (book, resource, wait, retry, strategy);
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

    public string Resource => _resource;

    /// <summary>Where it stands in the room's line; null when it has left it.</summary>
    public LinkedListNode<Acquisition>? Place { get; set; }

    private TimeProvider Clock => _book.Options.TimeProvider;

    public TimeSpan Waited => Clock.GetElapsedTime(_started);

    private bool IsWaitOver => _givesUp || (_wait != Timeout.InfiniteTimeSpan && Waited >= _wait);

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
                var step = Next(stop, out var sent, out var news, out var timeout);
                switch (step)
                {
                    case Step.Done:
                        return Finish();
                    case Step.Wait:
#pragma warning disable RS0030 // The caller of a sync method blocks its own thread; the news come from another.
                        news.Wait(timeout, stop);
#pragma warning restore RS0030
                        break;
                    default:
                        try
                        {
                            if (step == Step.Subscribe)
                            {
                                _book.Grants.Subscribe(_book.ReplyTimeout, stop);
                                break;
                            }

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
                var step = Next(stop, out var sent, out var news, out var timeout);
                switch (step)
                {
                    case Step.Done:
                        return Finish();
                    case Step.Wait:
                        await news.WaitAsync(timeout, Clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                        break;
                    default:
                        try
                        {
                            if (step == Step.Subscribe)
                            {
                                await _book.Grants.SubscribeAsync(_book.ReplyTimeout, stop).ConfigureAwait(false);
                                break;
                            }

                            var asking = _book.Protocol.AcquireAsync(_room.Keys, _token, _book.FirstLease, _fencesAsked, _joins);
                            _pending = asking;
                            Read(await asking.Within(_book.ReplyTimeout, Clock, stop).ConfigureAwait(false), sent);
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

        if (unwanted is not null)
        {
            Settled = _book.ReleaseQuietlyAsync(unwanted);
        }
        else if (_owes)
        {
            // A request under way may yet be sent a second time, whole, when its hash proves to be unknown.
            Settled = _pending.ContinueWith(_ => Undo(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private void Undo()
    {
        try
        {
            _book.Protocol.ReleaseUnasked(_room.Keys, _token);
        }
        catch (Exception e)
        {
            Log.ReleaseFailed(_book.Logger, e, _resource);
        }
    }
}
