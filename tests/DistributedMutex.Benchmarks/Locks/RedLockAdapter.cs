using RedLockNet;
using RedLockNet.SERedis;

namespace DistributedMutex.Benchmarks.Locks;

/// <summary>RedLock.net as its documentation shows it: an expiry of 30 s that is extended until the lock is disposed, and a retry every second.</summary>
internal sealed class RedLockAdapter(RedLockFactory factory, string resource) : LockAdapter
{
    private static readonly TimeSpan Expiry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private IRedLock? _held;

    public override async Task<bool> AcquireAsync(CancellationToken stop)
    {
        _held = await factory.CreateLockAsync(resource, Expiry, TimeSpan.MaxValue, Retry, stop);
        return _held.IsAcquired;
    }

    public override async Task<bool> ReleaseAsync()
    {
        var kept = _held!.IsAcquired;
        await _held.DisposeAsync();
        return kept;
    }

    public override bool Acquire(CancellationToken stop)
    {
        _held = factory.CreateLock(resource, Expiry, TimeSpan.MaxValue, Retry, stop);
        return _held.IsAcquired;
    }

    public override bool Release()
    {
        var kept = _held!.IsAcquired;
        _held.Dispose();
        return kept;
    }
}
