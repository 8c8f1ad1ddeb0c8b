namespace DistributedMutex.Benchmarks.Locks;

/// <summary>The library's Lock and Unlock.</summary>
internal sealed class MutexAdapter(RedisMutex mutex, string resource) : LockAdapter
{
    public override Task<bool> AcquireAsync(CancellationToken stop) =>
        mutex.LockAsync(resource, Timeout.InfiniteTimeSpan, cancellationToken: stop);

    public override Task<bool> ReleaseAsync() => mutex.UnlockAsync(resource);

    // The sync method takes no cancellation token; when the load stops, everybody's turn comes soon.
    public override bool Acquire(CancellationToken stop) => mutex.Lock(resource, Timeout.InfiniteTimeSpan);

    public override bool Release() => mutex.Unlock(resource);
}
