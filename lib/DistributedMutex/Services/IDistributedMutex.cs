using StackExchange.Redis;

namespace DistributedMutex;

/// <summary>
/// Locks by key, for services that are given it by their container (AddDistributedMutex). One instance serves any number of
/// concurrent callers; those that want one key queue up. A lock is renewed while it is held, for
/// <see cref="MutexOptions.MaxHold"/> at most: an hour, unless the application says otherwise.
/// </summary>
public interface IDistributedMutex
{
    /// <summary>
    /// Waits for the lock. True: the caller holds it, until <see cref="ReleaseAsync"/>. False: it could not be had within
    /// <see cref="MutexOptions.Wait"/>, 5 seconds unless the application says otherwise; the caller must not go on.
    /// </summary>
    /// <exception cref="ArgumentException">The key is blank.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing is left locked.</exception>
    /// <exception cref="RedisException">Redis cannot be reached or asked; the next call tries again. Nothing is left locked for longer than a lease.</exception>
    /// <exception cref="TimeoutException">Redis did not answer; likewise.</exception>
    /// <exception cref="ObjectDisposedException">The container was disposed, before or meanwhile.</exception>
    Task<bool> AcquireAsync(LockKey key, CancellationToken cancellationToken = default);

    /// <summary>
    /// Releases the lock. True: released. False: it is not held any more, by expiry or by an earlier release, which is logged
    /// as a warning. When it throws, the outcome is unknown, and the lease frees the lock.
    /// </summary>
    /// <remarks>
    /// A caller that lost the lock, or never had it, must not release that of another caller of this instance, and the key
    /// is all that it says. So if the same flow of control (a method, and what it calls) has called <see cref="AcquireAsync"/>
    /// for the key, only what that call was given is released. If it has not, the lock is released that the instance holds
    /// now, whoever acquired it: it is safest to call both from one method.
    /// </remarks>
    /// <exception cref="ArgumentException">The key is blank.</exception>
    /// <exception cref="RedisException">Redis cannot be asked.</exception>
    /// <exception cref="TimeoutException">Redis did not answer.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled: at once, and the lock is held as before, or meanwhile, and the release goes on.</exception>
    Task<bool> ReleaseAsync(LockKey key, CancellationToken cancellationToken = default);
}
