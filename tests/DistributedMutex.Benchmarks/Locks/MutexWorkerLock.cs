namespace DistributedMutex.Benchmarks.Locks;

/// <summary>The library's lock. Workers that share this object share one instance of the mutex.</summary>
internal sealed class MutexWorkerLock(RedisMutex mutex, string resource) : WorkerLock
{
    public override Task<bool> AcquireAsync(CancellationToken stop) =>
        mutex.LockAsync(resource, Timeout.InfiniteTimeSpan, cancellationToken: stop);

    public override Task<bool> ReleaseAsync() => mutex.UnlockAsync(resource);

    // The sync method takes no cancellation token; when the load stops, everybody's turn comes soon.
    public override bool Acquire(CancellationToken stop) => mutex.Lock(resource, Timeout.InfiniteTimeSpan);

    public override bool Release() => mutex.Unlock(resource);

    public override void Dispose()
    {
        mutex.Dispose();
        base.Dispose();
    }
}
