using System.Collections.Concurrent;
using DistributedMutex.Diagnostics;
using Microsoft.Extensions.Logging;

namespace DistributedMutex.Protocol;

/// <summary>The leases that one instance of the mutex holds, and what they have in common.</summary>
internal sealed class LeaseBook(LockProtocol protocol, GrantChannel grants, MutexOptions options, TimeSpan replyTimeout, ILogger logger)
{
    private readonly ConcurrentDictionary<string, Room> _rooms = new();
    private readonly ConcurrentDictionary<Lease, byte> _held = new();
    private readonly ConcurrentDictionary<string, Lease> _locked = new();

    public LockProtocol Protocol => protocol;

    public GrantChannel Grants => grants;

    public MutexOptions Options => options;

    public ILogger Logger => logger;

    /// <summary>How long to wait for a reply that may never come; 1.x of the client has no such limit for its async calls.</summary>
    public TimeSpan ReplyTimeout => replyTimeout;

    /// <summary>The lease that is asked for: no longer than the lock may be held.</summary>
    public TimeSpan FirstLease { get; } = options.MaxHold is { } maxHold && maxHold < options.Lease ? maxHold : options.Lease;

    /// <summary>Stands in line for a resource.</summary>
    public Room Enter(string resource, Acquisition waiter)
    {
        while (true)
        {
            var room = _rooms.GetOrAdd(resource, static (name, book) => new Room(book, new LockKeys(name)), this);
            if (room.TryEnter(waiter))
            {
                return room;
            }
        }
    }

    public void Close(Room room) => _rooms.TryRemove(KeyValuePair.Create(room.Keys.Resource, room));

    public void Add(Lease lease) => _held[lease] = 0;

    /// <summary>Remembers the lease that Unlock of its resource is to release.</summary>
    public void AddLocked(Lease lease) =>
        _locked.AddOrUpdate(lease.Resource, static (_, mine) => mine, static (_, other, mine) => other.Fence > mine.Fence ? other : mine, lease);

    public Lease? FindLocked(string resource) => _locked.GetValueOrDefault(resource);

    public void Forget(Lease lease)
    {
        _held.TryRemove(lease, out _);
        _locked.TryRemove(KeyValuePair.Create(lease.Resource, lease));
    }

    /// <summary>Releases a lease; false if Redis could not be asked, which is logged.</summary>
    public bool ReleaseQuietly(Lease lease)
    {
        try
        {
            lease.Release();
            return true;
        }
        catch (Exception e)
        {
            Log.ReleaseFailed(logger, e, lease.Resource);
            return false;
        }
    }

    /// <inheritdoc cref="ReleaseQuietly"/>
    public async Task ReleaseQuietlyAsync(Lease lease)
    {
        try
        {
            await lease.ReleaseAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Log.ReleaseFailed(logger, e, lease.Resource);
        }
    }

    public void ReleaseAll()
    {
        var answers = true;
        foreach (var lease in _held.Keys)
        {
            lease.Abandon();

            // One time-out is enough: the others would only wait for the same server. But they must not be renewed any more.
            answers = answers && ReleaseQuietly(lease);
            if (!answers)
            {
                lease.Lose();
            }
        }
    }

    public Task ReleaseAllAsync() => Task.WhenAll(_held.Keys.Select(lease =>
    {
        lease.Abandon();
        return ReleaseQuietlyAsync(lease);
    }));
}
