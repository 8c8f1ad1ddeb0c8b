using Medallion.Threading;

namespace DistributedMutex.DistributedLock;

/// <summary>One name. "Try" waits for no time unless told to, and returns null; the others wait for ever unless told not to, and throw.</summary>
internal sealed class RedisMutexLock(RedisMutex mutex, string name) : IDistributedLock
{
    public string Name => name;

    public IDistributedSynchronizationHandle? TryAcquire(TimeSpan timeout = default, CancellationToken cancellationToken = default) =>
        RedisMutexHandle.Of(mutex.TryAcquire(name, Checked(timeout), cancellationToken: cancellationToken));

    public IDistributedSynchronizationHandle Acquire(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        TryAcquire(timeout ?? Timeout.InfiniteTimeSpan, cancellationToken) ?? throw TimedOut(timeout);

    public async ValueTask<IDistributedSynchronizationHandle?> TryAcquireAsync(TimeSpan timeout = default, CancellationToken cancellationToken = default) =>
        RedisMutexHandle.Of(await mutex.TryAcquireAsync(name, Checked(timeout), cancellationToken: cancellationToken).ConfigureAwait(false));

    public async ValueTask<IDistributedSynchronizationHandle> AcquireAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        await TryAcquireAsync(timeout ?? Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false) ?? throw TimedOut(timeout);

    // By the name that this caller knows; the mutex would say "wait".
    private static TimeSpan Checked(TimeSpan timeout) => timeout >= TimeSpan.Zero || timeout == Timeout.InfiniteTimeSpan ? timeout
        : throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A timeout is zero, positive, or Timeout.InfiniteTimeSpan.");

    private TimeoutException TimedOut(TimeSpan? timeout) => new($"The lock '{name}' could not be had within {timeout}.");
}
