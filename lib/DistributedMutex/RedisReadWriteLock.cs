using DistributedMutex.Protocol;
using StackExchange.Redis;

namespace DistributedMutex;

/// <summary>
/// A lock that many readers or one writer hold at a time, shared by processes and machines through one Redis server. First
/// come, first served: readers who come one after the other go in together, and neither waits for those who came later. Each
/// has a lease of its own: one that dies ends by itself, whatever the others do. Safe for many threads.
/// </summary>
/// <remarks>
/// <para>A writer's <see cref="MutexLock.Fence"/> is greater than those of all writers before; a reader's is that of the last writer.</para>
/// <para>No caller holds twice: one that reads and asks for the resource again waits like any other, behind a writer that waits, too.</para>
/// </remarks>
public sealed class RedisReadWriteLock : RedisClient
{
    private const string Kind = "rwlock:";

    private readonly TimeProvider _clock;
    private readonly LockInstance _instance;
    private readonly DriverContext _writing;
    private readonly FlowReads _reads = new();

    /// <summary>Connects to the server that <see cref="RedisSettings.FromEnvironment"/> names.</summary>
    /// <exception cref="FormatException">The environment or the .env file holds a value that cannot be read.</exception>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="RedisConnectionException">The server cannot be reached or refuses the password.</exception>
    public RedisReadWriteLock(MutexOptions? options = null)
        : this(RedisSettings.FromEnvironment(), options)
    {
    }

    /// <summary>Connects to the server that <paramref name="settings"/> names.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="RedisConnectionException">The server cannot be reached or refuses the password.</exception>
    public RedisReadWriteLock(RedisSettings settings, MutexOptions? options = null)
        : base(LockInstance.AfterChecking(ref options, settings)) => (_instance, _writing, _clock) = Open(options!);

    /// <summary>Uses a connection that the caller owns; this object never closes it.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public RedisReadWriteLock(IConnectionMultiplexer connection, MutexOptions? options = null)
        : base(LockInstance.AfterChecking(ref options, connection)) => (_instance, _writing, _clock) = Open(options!);

    /// <summary>Waits until the caller may read, together with others who do: until the scope is disposed, nobody writes.</summary>
    /// <param name="resource">What to lock.</param>
    /// <param name="wait">How long to wait, <see cref="MutexOptions.Wait"/> by default; zero is one try.</param>
    /// <exception cref="LockAcquisitionException">The lock could not be had within <paramref name="wait"/>.</exception>
    /// <exception cref="ArgumentException">The resource is blank, or <paramref name="wait"/> negative.</exception>
    /// <exception cref="RedisException">Redis cannot be asked; nothing is left locked for longer than a lease.</exception>
    /// <exception cref="TimeoutException">Redis did not answer; likewise.</exception>
    /// <exception cref="ObjectDisposedException">This object was disposed, before or meanwhile.</exception>
    public MutexLock AcquireRead(LockKey resource, TimeSpan? wait = null)
    {
        var waiter = NewWaiter(wait);
        return ReadAsync(resource, waiter, Begin(resource), sync: true).Result() ?? throw _instance.NotAcquired(resource, waiter);
    }

    /// <inheritdoc cref="AcquireRead"/>
    /// <param name="resource">What to lock.</param>
    /// <param name="wait">How long to wait, <see cref="MutexOptions.Wait"/> by default; zero is one try.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing is left locked.</exception>
    public Task<MutexLock> AcquireReadAsync(LockKey resource, TimeSpan? wait = null, CancellationToken cancellationToken = default)
    {
        // Not async itself: what a flow reads has to be noted in the flow.
        var waiter = NewWaiter(wait);
        return OrThrowAsync(resource, waiter, ReadAsync(resource, waiter, Begin(resource), sync: false, cancellationToken));
    }

    /// <summary>As <see cref="AcquireReadAsync"/>, but null if the lock could not be had within <paramref name="wait"/>.</summary>
    /// <inheritdoc cref="AcquireReadAsync"/>
    public Task<MutexLock?> TryAcquireReadAsync(LockKey resource, TimeSpan? wait = null, CancellationToken cancellationToken = default) =>
        ReadAsync(resource, NewWaiter(wait), Begin(resource), sync: false, cancellationToken).AsTask();

    /// <summary>Waits until nobody reads or writes: until the scope is disposed, nobody else does.</summary>
    /// <exception cref="InvalidOperationException">
    /// The caller reads the resource: it would wait for itself, and two that did so for each other. Release the read lock first.
    /// That is known of a flow of control, with the tasks that it starts, and of this object; not of a lock that was handed to another flow.
    /// </exception>
    /// <inheritdoc cref="AcquireRead"/>
    public MutexLock AcquireWrite(LockKey resource, TimeSpan? wait = null)
    {
        var waiter = NewWaiter(wait);
        return WriteAsync(resource, waiter, sync: true).Result() ?? throw _instance.NotAcquired(resource, waiter);
    }

    /// <inheritdoc cref="AcquireWrite"/>
    /// <param name="resource">What to lock.</param>
    /// <param name="wait">How long to wait, <see cref="MutexOptions.Wait"/> by default; zero is one try.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing is left locked.</exception>
    public Task<MutexLock> AcquireWriteAsync(LockKey resource, TimeSpan? wait = null, CancellationToken cancellationToken = default)
    {
        var waiter = NewWaiter(wait);
        return OrThrowAsync(resource, waiter, WriteAsync(resource, waiter, sync: false, cancellationToken));
    }

    /// <summary>As <see cref="AcquireWriteAsync"/>, but null if the lock could not be had within <paramref name="wait"/>.</summary>
    /// <inheritdoc cref="AcquireWriteAsync"/>
    public Task<MutexLock?> TryAcquireWriteAsync(LockKey resource, TimeSpan? wait = null, CancellationToken cancellationToken = default) =>
        WriteAsync(resource, NewWaiter(wait), sync: false, cancellationToken).AsTask();

    /// <summary>Releases what this object still holds, ends its waiters, then closes the connection if it is its own.</summary>
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

    private (LockInstance Instance, DriverContext Writing, TimeProvider Clock) Open(MutexOptions options)
    {
        var instance = new LockInstance(this, options, options.KeyPrefixOf(Kind), new LoneDrivers(), LockKind.Read);
        return (instance, instance.ContextOf(LockKind.Write), options.TimeProvider);
    }

    private Waiter NewWaiter(TimeSpan? wait) => _instance.NewWaiter(wait, retry: null, isScope: true);

    private FlowReads.Read Begin(LockKey resource) => _reads.Begin(resource.ToResource(nameof(resource)), _clock.Now());

    private async ValueTask<MutexLock?> ReadAsync(LockKey resource, Waiter waiter, FlowReads.Read read, bool sync, CancellationToken cancellationToken = default)
    {
        (Driver Driver, Hold? Hold) run = default;
        try
        {
            run = await _instance.RunAsync(_instance.Context, resource, waiter, sync, cancellationToken).ConfigureAwait(false);
            return _instance.NewScope(run);
        }
        finally
        {
            read.Ends(run.Hold);
        }
    }

    private async ValueTask<MutexLock?> WriteAsync(LockKey resource, Waiter waiter, bool sync, CancellationToken cancellationToken = default) =>
        _reads.Has(resource.ToString(), _clock.Now())
            ? throw new InvalidOperationException(
                $"This caller reads '{resource}' and asks to write it: it would wait for itself, and two callers that did so for each other. Release the read lock first, and look again at what was read.")
            : _instance.NewScope(await _instance.RunAsync(_writing, resource, waiter, sync, cancellationToken).ConfigureAwait(false));

    private async Task<MutexLock> OrThrowAsync(LockKey resource, Waiter waiter, ValueTask<MutexLock?> acquiring) =>
        await acquiring.ConfigureAwait(false) ?? throw _instance.NotAcquired(resource, waiter);
}
