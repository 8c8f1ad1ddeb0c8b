using Medallion.Threading;

namespace DistributedMutex.DistributedLock;

/// <summary>
/// Gives the locks of a <see cref="RedisMutex"/> to code that knows only the interfaces of DistributedLock.Core. A lock is
/// renewed until its handle is disposed; the mutex is the caller's to dispose.
/// </summary>
/// <param name="mutex">Whose locks, with its options; its <see cref="MutexOptions.Wait"/> is not used: the interfaces have defaults of their own.</param>
/// <exception cref="ArgumentNullException"><paramref name="mutex"/> is null.</exception>
public sealed class RedisMutexLockProvider(RedisMutex mutex) : IDistributedLockProvider
{
    private readonly RedisMutex _mutex = mutex ?? throw new ArgumentNullException(nameof(mutex));

    /// <summary>The lock of that name: the same as <see cref="RedisMutex.Lock"/> takes for it. Nothing is asked of Redis yet.</summary>
    /// <exception cref="ArgumentException">The name is null or blank.</exception>
    public IDistributedLock CreateLock(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return new RedisMutexLock(_mutex, name);
    }
}
