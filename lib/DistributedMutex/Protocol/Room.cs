namespace DistributedMutex.Protocol;

/// <summary>
/// The waiting room of one resource in one instance. Its waiters stand in line here; only the first, the lead, asks Redis.
/// A holder that leaves hands the lock to the next in line without Redis, for as long as its fences and its turn last.
/// </summary>
internal sealed class Room(LeaseBook book, LockKeys keys)
{
    /// <summary>How many fences a process takes at once, and so how often it may hand the lock over inside; as in baton.lua.</summary>
    public const int Fences = 100;

    /// <summary>How long a process may hand the lock over inside before those who are queued in Redis have their turn.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(20);

    private readonly LinkedList<Acquisition> _line = new();
    private Lease? _holder;
    private long _nextFence;
    private int _fencesLeft;
    private long _turnBegan;
    private bool _contended;
    private bool _closed;

    public Lock Gate { get; } = new();

    public LockKeys Keys => keys;

    public LeaseBook Book => book;

    /// <summary>How many fences to ask for: one is enough while nobody waits behind the holder.</summary>
    public int FencesWanted
    {
        get
        {
            lock (Gate)
            {
                return _line.Count > 1 || _contended ? Fences : 1;
            }
        }
    }

    /// <summary>Joins the line; false if the room is closed and a new one has to be opened.</summary>
    public bool TryEnter(Acquisition waiter)
    {
        lock (Gate)
        {
            if (_closed)
            {
                return false;
            }

            waiter.Place = _line.AddLast(waiter);
            AppointLead();
            return true;
        }
    }

    /// <summary>Leaves the line without the lock.</summary>
    public void Leave(Acquisition waiter)
    {
        lock (Gate)
        {
            if (waiter.Place is { } place)
            {
                waiter.Place = null;
                _line.Remove(place);
                AppointLead();
            }
        }
    }

    /// <summary>The lead has the lock from Redis, with its first fence and so many more.</summary>
    public void Begin(Acquisition lead, Lease lease, int fences)
    {
        lock (Gate)
        {
            (_nextFence, _fencesLeft) = (lease.Fence + 1, fences - 1);
            _turnBegan = book.Options.TimeProvider.GetTimestamp();
            Seat(lead, lease);
        }
    }

    /// <summary>True if the lock passed to the next in line; false if it is to be released in Redis.</summary>
    public bool TryHandOver(Lease lease)
    {
        lock (Gate)
        {
            if (_holder != lease)
            {
                return false;
            }

            if (_line.First?.Value is { } next && _fencesLeft > 0 && lease.TimeLeft >= book.FirstLease / 2
                && book.Options.TimeProvider.GetElapsedTime(_turnBegan) < Turn)
            {
                _fencesLeft--;
                Seat(next, lease.Succeed(_nextFence++));
                return true;
            }

            _contended |= _line.Count > 0;
            End();
            return false;
        }
    }

    /// <summary>The lock was lost, or its release failed: whoever is next has to ask.</summary>
    public void Vacate(Lease lease)
    {
        lock (Gate)
        {
            if (_holder == lease)
            {
                End();
            }
        }
    }

    private void Seat(Acquisition waiter, Lease lease)
    {
        _holder = lease;
        _line.Remove(waiter.Place!);
        waiter.Place = null;
        waiter.Receive(lease);
    }

    private void End()
    {
        _holder = null;
        AppointLead();
    }

    private void AppointLead()
    {
        if (_holder is null)
        {
            if (_line.First is { } first)
            {
                first.Value.Lead();
            }
            else
            {
                _closed = true;
                book.Close(this);
            }
        }
    }
}
