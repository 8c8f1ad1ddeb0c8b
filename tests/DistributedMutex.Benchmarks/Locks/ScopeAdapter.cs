namespace DistributedMutex.Benchmarks.Locks;

/// <summary>The library's scope: a lock that renews itself until it is disposed.</summary>
internal sealed class ScopeAdapter(RedisMutex mutex, string resource) : LockAdapter
{
    private MutexLock? _held;

    public override async Task<bool> AcquireAsync(CancellationToken stop)
    {
        _held = await mutex.AcquireAsync(resource, Timeout.InfiniteTimeSpan, cancellationToken: stop);
        return true;
    }

    public override async Task<bool> ReleaseAsync()
    {
        var kept = _held!.IsHeld;
        await _held.DisposeAsync();
        return kept;
    }

    public override bool Acquire(CancellationToken stop)
    {
        _held = mutex.Acquire(resource, Timeout.InfiniteTimeSpan);
        return true;
    }

    public override bool Release()
    {
        var kept = _held!.IsHeld;
        _held.Dispose();
        return kept;
    }
}
