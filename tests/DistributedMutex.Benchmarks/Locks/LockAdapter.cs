namespace DistributedMutex.Benchmarks.Locks;

/// <summary>A lock as one worker sees it: it takes one resource, and gives it back.</summary>
internal abstract class LockAdapter
{
    /// <summary>Waits without end; false is a fault of the lock.</summary>
    public abstract Task<bool> AcquireAsync(CancellationToken stop);

    /// <summary>False: the lock was lost, which is a fault too since no worker holds for as long as a lease.</summary>
    public abstract Task<bool> ReleaseAsync();

    /// <inheritdoc cref="AcquireAsync"/>
    public abstract bool Acquire(CancellationToken stop);

    /// <inheritdoc cref="ReleaseAsync"/>
    public abstract bool Release();
}
