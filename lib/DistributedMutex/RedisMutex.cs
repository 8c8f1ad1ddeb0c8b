using DistributedMutex.Diagnostics;
using DistributedMutex.Protocol;
using StackExchange.Redis;

namespace DistributedMutex;

/// <summary>
/// A mutex shared by processes and machines through one Redis server. Safe for many threads; the instance is the owner
/// of its locks: while it holds a resource, another Lock of that resource waits, on the same instance too. Whoever waits is
/// served first come first served; within one instance up to a hundred callers, or 20 ms of them, may have their turn together.
/// </summary>
public sealed class RedisMutex : RedisClient
{
    private readonly MutexOptions _options;
    private readonly TimeSpan _replyTimeout;
    private readonly LeaseBook _book;
    private readonly CallCounter _acquiring = new();
    private readonly CancellationTokenSource _disposed = new();
    private int _disposing;

    /// <summary>Connects to the server that <see cref="RedisSettings.FromEnvironment"/> names.</summary>
    /// <exception cref="FormatException">The environment or the .env file holds a value that cannot be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="RedisConnectionException">The server cannot be reached or refuses the password.</exception>
    public RedisMutex(MutexOptions? options = null)
        : this(RedisSettings.FromEnvironment(), options)
    {
    }

    /// <summary>Connects to the server that <paramref name="settings"/> names.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="RedisConnectionException">The server cannot be reached or refuses the password.</exception>
    public RedisMutex(RedisSettings settings, MutexOptions? options = null)
        : base(AfterChecking(ref options, settings)) => (_options, _replyTimeout, _book) = Open(options!);

    /// <summary>Uses a connection that the caller owns; this object never closes it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public RedisMutex(IConnectionMultiplexer connection, MutexOptions? options = null)
        : base(AfterChecking(ref options, connection)) => (_options, _replyTimeout, _book) = Open(options!);

    /// <summary>
    /// Waits for the lock and takes it for one lease, which is not renewed; <see cref="Unlock"/> gives it back.
    /// False: it could not be had within <paramref name="wait"/>.
    /// </summary>
    /// <param name="resource">What to lock.</param>
    /// <param name="wait">How long to wait, <see cref="MutexOptions.Wait"/> by default; zero is one try.</param>
    /// <param name="retry">How often to ask for a lock that a foreign client holds, <see cref="MutexOptions.Retry"/> by default.</param>
    /// <exception cref="ArgumentException">The resource is blank, <paramref name="wait"/> negative or <paramref name="retry"/> not positive.</exception>
    /// <exception cref="RedisException">Redis cannot be asked; nothing is left locked for longer than a lease.</exception>
    /// <exception cref="TimeoutException">Redis did not answer; likewise.</exception>
    /// <exception cref="ObjectDisposedException">The mutex was disposed, before or meanwhile.</exception>
    public bool Lock(LockKey resource, TimeSpan? wait = null, TimeSpan? retry = null)
    {
        var lease = Run(NewAcquisition(resource, wait, retry));
        return Remember(lease);
    }

    /// <inheritdoc cref="Lock"/>
    /// <param name="resource">What to lock.</param>
    /// <param name="wait">How long to wait, <see cref="MutexOptions.Wait"/> by default; zero is one try.</param>
    /// <param name="retry">How often to ask for a lock that a foreign client holds, <see cref="MutexOptions.Retry"/> by default.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing is left locked.</exception>
    public async Task<bool> LockAsync(LockKey resource, TimeSpan? wait = null, TimeSpan? retry = null, CancellationToken cancellationToken = default)
    {
        var lease = await RunAsync(NewAcquisition(resource, wait, retry), cancellationToken).ConfigureAwait(false);
        return Remember(lease);
    }

    /// <summary>
    /// Releases what Lock took. True: released; false: this instance no longer held it. The owner is the instance, not the
    /// thread: a holder that lets its lease expire and unlocks late releases what another thread of the instance has locked since.
    /// </summary>
    /// <exception cref="ArgumentException">The resource is blank.</exception>
    /// <exception cref="RedisException">Redis cannot be asked; if the lock is still there, its lease frees it. May be tried again.</exception>
    /// <exception cref="TimeoutException">Redis did not answer; likewise.</exception>
    /// <exception cref="ObjectDisposedException">The mutex was disposed, which has released the lock.</exception>
    public bool Unlock(LockKey resource) => FindLocked(resource)?.Release() ?? false;

    /// <inheritdoc cref="Unlock"/>
    /// <exception cref="OperationCanceledException">The token was cancelled: before the release began, or the outcome is unknown. May be tried again.</exception>
    public Task<bool> UnlockAsync(LockKey resource, CancellationToken cancellationToken = default) =>
        FindLocked(resource)?.ReleaseAsync(cancellationToken) ?? Task.FromResult(false);

    /// <summary>
    /// Waits for the lock and returns it as a scope: it renews itself until it is disposed, which releases it.
    /// </summary>
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
        var acquisition = NewAcquisition(resource, wait, retry);
        return new MutexLock(_book, Run(acquisition) ?? throw acquisition.NotAcquired());
    }

    /// <inheritdoc cref="Acquire"/>
    /// <param name="resource">What to lock.</param>
    /// <param name="wait">How long to wait, <see cref="MutexOptions.Wait"/> by default; zero is one try.</param>
    /// <param name="retry">How often to ask for a lock that a foreign client holds, <see cref="MutexOptions.Retry"/> by default.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing is left locked.</exception>
    public async Task<MutexLock> AcquireAsync(LockKey resource, TimeSpan? wait = null, TimeSpan? retry = null, CancellationToken cancellationToken = default)
    {
        var acquisition = NewAcquisition(resource, wait, retry);
        return new MutexLock(_book, await RunAsync(acquisition, cancellationToken).ConfigureAwait(false) ?? throw acquisition.NotAcquired());
    }

    /// <summary>As <see cref="AcquireAsync"/>, but null if the lock could not be had within <paramref name="wait"/>.</summary>
    /// <inheritdoc cref="LockAsync"/>
    public async Task<MutexLock?> TryAcquireAsync(LockKey resource, TimeSpan? wait = null, TimeSpan? retry = null, CancellationToken cancellationToken = default) =>
        await RunAsync(NewAcquisition(resource, wait, retry), cancellationToken).ConfigureAwait(false) is { } lease ? new MutexLock(_book, lease) : null;

    /// <summary>Whether anyone holds the lock, a client of another kind included.</summary>
    /// <exception cref="ArgumentException">The resource is blank.</exception>
    /// <exception cref="RedisException">Redis cannot be asked.</exception>
    /// <exception cref="TimeoutException">Redis did not answer.</exception>
    /// <exception cref="ObjectDisposedException">The mutex was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<bool> IsLockedAsync(LockKey resource, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposing != 0, this);
        var keys = new LockKeys(resource.ToResource(nameof(resource)));
        try
        {
            return await Database.KeyExistsAsync(keys.Lock).Within(_replyTimeout, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await Reply.OffTheClientsThread();
        }
    }

    /// <summary>Releases what this instance still holds, ends its waiters, then closes the connection if it is its own.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _disposing, 1) == 0)
        {
            _ = _disposed.CancelAsync();
#pragma warning disable RS0030 // Dispose is sync; what it waits for needs no thread of its caller, and has an end.
            _acquiring.CloseAsync().Wait(_replyTimeout);
#pragma warning restore RS0030
            _book.ReleaseAll();
            base.Dispose(disposing);
        }
    }

    /// <inheritdoc cref="Dispose(bool)"/>
    protected override async ValueTask DisposeAsyncCore()
    {
        if (Interlocked.Exchange(ref _disposing, 1) == 0)
        {
            _ = _disposed.CancelAsync();
            await _acquiring.CloseAsync().WaitAsync(_replyTimeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _book.ReleaseAllAsync().ConfigureAwait(false);
            await base.DisposeAsyncCore().ConfigureAwait(false);
        }
    }

    // Before the base constructor, which connects: wrong options must not cost a connection.
    private static T AfterChecking<T>(ref MutexOptions? options, T source)
    {
        options = (options ?? new MutexOptions()).ValidatedCopy();
        return source;
    }

    private (MutexOptions, TimeSpan, LeaseBook) Open(MutexOptions options)
    {
        var replyTimeout = TimeSpan.FromMilliseconds(Connection.TimeoutMilliseconds);
        return (options, replyTimeout, new LeaseBook(new LockProtocol(Database), GrantChannel.For(Connection), options, replyTimeout, options.NewLogger()));
    }

    private Acquisition NewAcquisition(LockKey resource, TimeSpan? wait, TimeSpan? retry) => new(
        _book,
        resource.ToResource(nameof(resource)),
        MutexOptions.ValidateWait(wait ?? _options.Wait, nameof(wait)),
        MutexOptions.ValidateRetry(retry ?? _options.Retry, nameof(retry)),
        retry is null ? _options.RetryStrategy : null);

    private Lease? Run(Acquisition acquisition)
    {
        Enter();
        var waiting = new Waiting(acquisition.Resource);
        Lease? lease = null;
        try
        {
            return lease = waiting.Returns(acquisition.Run(_disposed.Token));
        }
        catch (OperationCanceledException) when (_disposed.IsCancellationRequested)
        {
            throw waiting.Fails(new ObjectDisposedException(nameof(RedisMutex)));
        }
        catch (Exception e)
        {
            waiting.Fails(e);
            throw;
        }
        finally
        {
            _acquiring.Leave();
            EndWait(waiting, acquisition, lease);
        }
    }

    private async Task<Lease?> RunAsync(Acquisition acquisition, CancellationToken cancellationToken)
    {
        Enter();
        var waiting = new Waiting(acquisition.Resource);
        Lease? lease = null;
        try
        {
            if (!cancellationToken.CanBeCanceled)
            {
                return lease = waiting.Returns(await acquisition.RunAsync(_disposed.Token).ConfigureAwait(false));
            }

            using var stop = CancellationTokenSource.CreateLinkedTokenSource(_disposed.Token, cancellationToken);
            return lease = waiting.Returns(await acquisition.RunAsync(stop.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (_disposed.IsCancellationRequested)
        {
            throw waiting.Fails(new ObjectDisposedException(nameof(RedisMutex)));
        }
        catch (OperationCanceledException)
        {
            throw waiting.Cancelled(new OperationCanceledException(cancellationToken));
        }
        catch (Exception e)
        {
            waiting.Fails(e);
            throw;
        }
        finally
        {
            if (acquisition.Settled.IsCompleted)
            {
                _acquiring.Leave();
            }
            else
            {
                _ = acquisition.Settled.ContinueWith(_ => _acquiring.Leave(), TaskScheduler.Default);
            }

            await Reply.OffTheClientsThread();
            EndWait(waiting, acquisition, lease);
        }
    }

    private static void EndWait(Waiting waiting, Acquisition acquisition, Lease? lease)
    {
        var waited = acquisition.Waited;
        waiting.End(waited);
        lease?.BeginHold(waited);
    }

    private void Enter() => ObjectDisposedException.ThrowIf(_disposing != 0 || !_acquiring.TryEnter(), this);

    private bool Remember(Lease? lease)
    {
        if (lease is not null)
        {
            _book.AddLocked(lease);
        }

        return lease is not null;
    }

    private Lease? FindLocked(LockKey resource)
    {
        ObjectDisposedException.ThrowIf(_disposing != 0, this);
        return _book.FindLocked(resource.ToResource(nameof(resource)));
    }
}
