using System.Runtime.CompilerServices;
using DistributedMutex.Diagnostics;
using DistributedMutex.Protocol;
using StackExchange.Redis;

namespace DistributedMutex;

/// <summary>
/// A mutex shared by processes and machines through one Redis server. Safe for many threads; the instance is the owner
/// of its locks: while it holds a resource, another Lock of that resource waits, on the same instance too.
/// </summary>
/// <remarks>
/// Whoever waits is served first come, first served, with three exceptions: within one instance up to a hundred callers, or 20 ms
/// of them, may have their turn together; who waits behind a holder of the same instance stands in the queue of all from the
/// moment that this one releases; and a Lock, or a scope without a fence, that comes in the moment after a holder's lease has
/// ended may get in before those who wait, once.
/// </remarks>
public sealed class RedisMutex : RedisClient
{
    private readonly MutexOptions _options;
    private readonly LockInstance _instance;
    private readonly Drivers _drivers = new();

    /// <summary>Connects to the server that <see cref="RedisSettings.FromEnvironment"/> names.</summary>
    /// <exception cref="FormatException">The environment or the .env file holds a value that cannot be read.</exception>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="RedisConnectionException">The server cannot be reached or refuses the password.</exception>
    public RedisMutex(MutexOptions? options = null)
        : this(RedisSettings.FromEnvironment(), options)
    {
    }

    /// <summary>Connects to the server that <paramref name="settings"/> names.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="RedisConnectionException">The server cannot be reached or refuses the password.</exception>
    public RedisMutex(RedisSettings settings, MutexOptions? options = null)
        : base(LockInstance.AfterChecking(ref options, settings)) => (_options, _instance) = (options!, Open(options!));

    /// <summary>Uses a connection that the caller owns; this object never closes it.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public RedisMutex(IConnectionMultiplexer connection, MutexOptions? options = null)
        : base(LockInstance.AfterChecking(ref options, connection)) => (_options, _instance) = (options!, Open(options!));

    /// <summary>
    /// Waits for the lock and takes it for one lease, which is not renewed; <see cref="Unlock"/> gives it back.
    /// False: it could not be had within <paramref name="wait"/>.
    /// </summary>
    /// <remarks>
    /// Blocks its thread. On threads of your own that is fine; many callers on the thread pool starve it, and the Redis client,
    /// whose replies need it too: then calls time out. There, use <see cref="LockAsync"/>, or raise <see cref="ThreadPool.SetMinThreads"/>
    /// to the number of callers.
    /// </remarks>
    /// <param name="resource">What to lock.</param>
    /// <param name="wait">How long to wait, <see cref="MutexOptions.Wait"/> by default; zero is one try.</param>
    /// <param name="retry">How often to ask for a lock that a foreign client holds, <see cref="MutexOptions.Retry"/> by default.</param>
    /// <exception cref="ArgumentException">The resource is blank, <paramref name="wait"/> negative or <paramref name="retry"/> not positive.</exception>
    /// <exception cref="RedisException">Redis cannot be asked; nothing is left locked for longer than a lease.</exception>
    /// <exception cref="TimeoutException">Redis did not answer; likewise.</exception>
    /// <exception cref="ObjectDisposedException">The mutex was disposed, before or meanwhile.</exception>
    public bool Lock(LockKey resource, TimeSpan? wait = null, TimeSpan? retry = null) =>
        RunAsync(resource, _instance.NewWaiter(wait, retry, isScope: false), sync: true).Result().Hold is not null;

    /// <inheritdoc cref="Lock"/>
    /// <remarks>Blocks no thread while it waits.</remarks>
    /// <param name="resource">What to lock.</param>
    /// <param name="wait">How long to wait, <see cref="MutexOptions.Wait"/> by default; zero is one try.</param>
    /// <param name="retry">How often to ask for a lock that a foreign client holds, <see cref="MutexOptions.Retry"/> by default.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing is left locked.</exception>
    public async Task<bool> LockAsync(LockKey resource, TimeSpan? wait = null, TimeSpan? retry = null, CancellationToken cancellationToken = default) =>
        (await RunAsync(resource, _instance.NewWaiter(wait, retry, isScope: false), sync: false, cancellationToken).ConfigureAwait(false)).Hold is not null;

    /// <summary>
    /// Releases what Lock took. True: released; false: this instance no longer held it. The owner is the instance, not the
    /// thread: a holder that lets its lease expire and unlocks late releases what another thread of the instance has locked since.
    /// </summary>
    /// <exception cref="ArgumentException">The resource is blank.</exception>
    /// <exception cref="RedisException">Redis cannot be asked; it is asked again in the background until it answers or the lease is over.</exception>
    /// <exception cref="TimeoutException">Redis did not answer; likewise.</exception>
    /// <exception cref="ObjectDisposedException">The mutex was disposed, which has released the lock.</exception>
    public bool Unlock(LockKey resource) => UnlockAsync(resource, sync: true).Result();

    /// <inheritdoc cref="Unlock"/>
    /// <exception cref="OperationCanceledException">The token was cancelled: before the release began, or the outcome is unknown; likewise.</exception>
    public Task<bool> UnlockAsync(LockKey resource, CancellationToken cancellationToken = default) =>
        UnlockAsync(resource, sync: false, cancellationToken).AsTask();

    /// <summary>
    /// Waits for the lock and returns it as a scope: it renews itself until it is disposed, which releases it.
    /// </summary>
    /// <remarks>
    /// Blocks its thread. On threads of your own that is fine; many callers on the thread pool starve it, and the Redis client,
    /// whose replies need it too: then calls time out. There, use <see cref="AcquireAsync"/>, or raise <see cref="ThreadPool.SetMinThreads"/>
    /// to the number of callers.
    /// </remarks>
    /// <param name="resource">What to lock.</param>
    /// <param name="wait">How long to wait, <see cref="MutexOptions.Wait"/> by default; zero is one try.</param>
    /// <param name="retry">How often to ask for a lock that a foreign client holds, <see cref="MutexOptions.Retry"/> by default.</param>
    /// <exception cref="LockAcquisitionException">The lock could not be had within <paramref name="wait"/>.</exception>
    /// <exception cref="ArgumentException">The resource is blank, <paramref name="wait"/> negative or <paramref name="retry"/> not positive.</exception>
    /// <exception cref="RedisException">Redis cannot be asked; nothing is left locked for longer than a lease.</exception>
    /// <exception cref="TimeoutException">Redis did not answer; likewise.</exception>
    /// <exception cref="ObjectDisposedException">The mutex was disposed, before or meanwhile.</exception>
    public MutexLock Acquire(LockKey resource, TimeSpan? wait = null, TimeSpan? retry = null)
    {
        var waiter = _instance.NewWaiter(wait, retry, isScope: true);
        return _instance.NewScope(RunAsync(resource, waiter, sync: true).Result()) ?? throw _instance.NotAcquired(resource, waiter);
    }

    /// <inheritdoc cref="Acquire"/>
    /// <remarks>Blocks no thread while it waits.</remarks>
    /// <param name="resource">What to lock.</param>
    /// <param name="wait">How long to wait, <see cref="MutexOptions.Wait"/> by default; zero is one try.</param>
    /// <param name="retry">How often to ask for a lock that a foreign client holds, <see cref="MutexOptions.Retry"/> by default.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing is left locked.</exception>
    public async Task<MutexLock> AcquireAsync(LockKey resource, TimeSpan? wait = null, TimeSpan? retry = null, CancellationToken cancellationToken = default)
    {
        var waiter = _instance.NewWaiter(wait, retry, isScope: true);
        return _instance.NewScope(await RunAsync(resource, waiter, sync: false, cancellationToken).ConfigureAwait(false)) ?? throw _instance.NotAcquired(resource, waiter);
    }

    /// <summary>As <see cref="Acquire"/>, but null if the lock could not be had within <paramref name="wait"/>.</summary>
    /// <inheritdoc cref="LockAsync"/>
    public MutexLock? TryAcquire(LockKey resource, TimeSpan? wait = null, TimeSpan? retry = null, CancellationToken cancellationToken = default) =>
        _instance.NewScope(RunAsync(resource, _instance.NewWaiter(wait, retry, isScope: true), sync: true, cancellationToken).Result());

    /// <summary>As <see cref="AcquireAsync"/>, but null if the lock could not be had within <paramref name="wait"/>.</summary>
    /// <inheritdoc cref="LockAsync"/>
    public async Task<MutexLock?> TryAcquireAsync(LockKey resource, TimeSpan? wait = null, TimeSpan? retry = null, CancellationToken cancellationToken = default) =>
        _instance.NewScope(await RunAsync(resource, _instance.NewWaiter(wait, retry, isScope: true), sync: false, cancellationToken).ConfigureAwait(false));

    /// <summary>
    /// Waits for several locks, one wait for all, and returns them as a scope: all, or none. They are taken in the order of their
    /// names (ordinal), each once, so that callers who name the same ones in another order can't wait for each other for ever.
    /// </summary>
    /// <param name="resources">What to lock; at least one.</param>
    /// <param name="wait">How long to wait for all of them, <see cref="MutexOptions.Wait"/> by default; zero is one try for each.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LockAcquisitionException">The lock that it names could not be had within <paramref name="wait"/>, or was lost while others were waited for.</exception>
    /// <exception cref="ArgumentException">There is no resource, one is blank, or <paramref name="wait"/> is negative.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing is left locked.</exception>
    /// <exception cref="RedisException">Redis cannot be asked; nothing is left locked for longer than a lease.</exception>
    /// <exception cref="TimeoutException">Redis did not answer; likewise.</exception>
    /// <exception cref="ObjectDisposedException">The mutex was disposed, before or meanwhile.</exception>
    public async Task<MutexLockSet> AcquireAllAsync(IEnumerable<LockKey> resources, TimeSpan? wait = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(resources);
        var names = new SortedSet<string>(resources.Select(resource => resource.ToResource(nameof(resources))), StringComparer.Ordinal);
        if (names.Count == 0)
        {
            throw new ArgumentException("There must be at least one resource.", nameof(resources));
        }

        wait = MutexOptions.ValidateWait(wait ?? _options.Wait, nameof(wait));
        try
        {
            return await MutexLockSet.AcquireAsync(this, names, wait.Value, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (LockAcquisitionException) when (_instance.IsDisposing)
        {
            // Those that it had were lost first.
            throw new ObjectDisposedException(nameof(RedisMutex));
        }
    }

    /// <summary>As <see cref="AcquireAllAsync"/>, but null if one could not be had within <paramref name="wait"/>, or was lost while others were waited for.</summary>
    /// <inheritdoc cref="AcquireAllAsync"/>
    public async Task<MutexLockSet?> TryAcquireAllAsync(IEnumerable<LockKey> resources, TimeSpan? wait = null, CancellationToken cancellationToken = default)
    {
        try
        {
            return await AcquireAllAsync(resources, wait, cancellationToken).ConfigureAwait(false);
        }
        catch (LockAcquisitionException)
        {
            return null;
        }
    }

    /// <summary>Whether anyone holds the lock, a client of another kind included.</summary>
    /// <exception cref="ArgumentException">The resource is blank.</exception>
    /// <exception cref="RedisException">Redis cannot be asked.</exception>
    /// <exception cref="TimeoutException">Redis did not answer.</exception>
    /// <exception cref="ObjectDisposedException">The mutex was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<bool> IsLockedAsync(LockKey resource, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_instance.IsDisposing, this);
        var asking = Database.KeyExistsAsync(new LockKeys(resource.ToResource(nameof(resource)), _options.KeyPrefix).Lock);
        return await asking.Within(Timeout.InfiniteTimeSpan, _options.TimeProvider, sync: false, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Releases what this instance still holds, ends its waiters, then closes the connection if it is its own.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _instance.TryDispose())
        {
            _instance.EndAsync(sync: true).Result();
            base.Dispose(disposing);
        }
    }

    /// <inheritdoc cref="Dispose(bool)"/>
    protected override async ValueTask DisposeAsyncCore()
    {
        if (_instance.TryDispose())
        {
            await _instance.EndAsync(sync: false).ConfigureAwait(false);
            await base.DisposeAsyncCore().ConfigureAwait(false);
        }
    }

    private LockInstance Open(MutexOptions options) => new(this, options, options.KeyPrefix, _drivers, LockKind.Mutex);

    private ValueTask<(Driver Driver, Hold? Hold)> RunAsync(LockKey resource, Waiter waiter, bool sync, CancellationToken cancellationToken = default) =>
        _instance.RunAsync(_instance.Context, resource, waiter, sync, cancellationToken);

    private ValueTask<bool> UnlockAsync(LockKey key, bool sync, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_instance.IsDisposing, this);
        return _drivers.Find(key.ToResource("resource")) is { Locked: { } hold } driver
            ? driver.ReleaseAsync(hold, sync, cancellationToken)
            : new ValueTask<bool>(false);
    }
}
