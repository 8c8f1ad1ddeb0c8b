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
    /// Waits for the lock and returns it as a scope: it is renewed until it is disposed, which releases it. Null: it could not be
    /// had within <paramref name="wait"/>, <see cref="MutexOptions.Wait"/> by default; the caller must not go on.
    /// </summary>
    /// <remarks>The way to recommend: the lock is in a variable, so nobody else can release it, and it tells when it is lost.</remarks>
    /// <param name="key">What to lock.</param>
    /// <param name="wait">How long to wait; zero is one try.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The key is blank, or <paramref name="wait"/> negative.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing is left locked.</exception>
    /// <exception cref="RedisException">Redis cannot be reached or asked; the next call tries again. Nothing is left locked for longer than a lease.</exception>
    /// <exception cref="TimeoutException">Redis did not answer; likewise.</exception>
    /// <exception cref="ObjectDisposedException">The container was disposed, before or meanwhile.</exception>
    Task<MutexLock?> TryAcquireAsync(LockKey key, TimeSpan? wait = null, CancellationToken cancellationToken = default);

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
    /// Releases what <see cref="AcquireAsync"/> has taken. True: released. False: it is not held any more, by expiry or by an
    /// earlier release, or it is not the caller's; that is logged as a warning. When it throws, the outcome is unknown, and the lease frees the lock.
    /// </summary>
    /// <remarks>
    /// The key is all that this call is told. Call it from the method that called <see cref="AcquireAsync"/>, or from one that
    /// this calls: then only what that call was given is released, and nothing if it was refused. What
    /// <see cref="TryAcquireAsync"/> returned is never released by its key.
    /// <para>
    /// Where AcquireAsync was called by an async helper, nothing of it is left in the method that awaited the helper: whether
    /// that was refused, the key can't know. Then the lock is released that this instance holds, unless another call for the key
    /// was refused while it was held: this may be the refused one, and so it returns false and the lock stays, until
    /// <see cref="MutexOptions.MaxHold"/> or a release that is known to be its own. <see cref="TryAcquireAsync"/> has no such doubts.
    /// </para>
    /// </remarks>
    /// <exception cref="ArgumentException">The key is blank.</exception>
    /// <exception cref="RedisException">Redis cannot be asked.</exception>
    /// <exception cref="TimeoutException">Redis did not answer.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled: at once, and the lock is held as before, or meanwhile, and the release goes on.</exception>
    Task<bool> ReleaseAsync(LockKey key, CancellationToken cancellationToken = default);
}
