using Medallion.Threading.Redis;
using StackExchange.Redis;

namespace DistributedMutex.Benchmarks.Locks;

/// <summary>
/// DistributedLock.Redis as its documentation shows it, with its default options: an expiry of 30 s that is extended until the
/// handle is disposed, and a sleep of 10 to 800 ms between tries.
/// </summary>
internal sealed class DistributedLockAdapter(IDatabase database, string resource) : LockAdapter
{
    private readonly RedisDistributedLock _lock = new("distributed-lock:" + resource, database);
    private RedisDistributedLockHandle? _held;

    public override async Task<bool> AcquireAsync(CancellationToken stop)
    {
        _held = await _lock.AcquireAsync(cancellationToken: stop);
        return true;
    }

    // A handle tells of a loss by a token, which costs a watch over the lease if it is asked for: users who don't need it don't pay.
    public override async Task<bool> ReleaseAsync()
    {
        await _held!.DisposeAsync();
        return true;
    }

    public override bool Acquire(CancellationToken stop)
    {
        _held = _lock.Acquire(cancellationToken: stop);
        return true;
    }

    public override bool Release()
    {
        _held!.Dispose();
        return true;
    }
}
