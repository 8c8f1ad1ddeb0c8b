using System.Globalization;
using DistributedMutex.Protocol;
using StackExchange.Redis;

namespace DistributedMutex;

/// <summary>
/// So many permits of one resource, shared by processes and machines through one Redis server. First come, first served. Each
/// permit has a lease of its own: that of a holder that dies comes free by itself. Safe for many threads.
/// </summary>
/// <remarks>
/// All programs must agree on the number. Those that hold or wait decide: whoever comes with another number then is refused
/// with an <see cref="InvalidOperationException"/>. To change it, let the last of them end; the next that comes may have another.
/// </remarks>
public sealed class RedisSemaphore : RedisClient
{
    private const string Kind = "semaphore:";
    private const string Disagreement = "PERMITS ";

    private readonly string _resource;
    private readonly LockInstance _instance;

    /// <summary>Connects to the server that <see cref="RedisSettings.FromEnvironment"/> names.</summary>
    /// <exception cref="FormatException">The environment or the .env file holds a value that cannot be read.</exception>
    /// <exception cref="ArgumentException">The resource is blank, there is no permit, or an option is out of its range.</exception>
    /// <exception cref="RedisConnectionException">The server cannot be reached or refuses the password.</exception>
    public RedisSemaphore(LockKey resource, int permits, MutexOptions? options = null)
        : this(resource, permits, RedisSettings.FromEnvironment(), options)
    {
    }

    /// <summary>Connects to the server that <paramref name="settings"/> names.</summary>
    /// <exception cref="ArgumentException">The resource is blank, there is no permit, or an option is out of its range.</exception>
    /// <exception cref="RedisConnectionException">The server cannot be reached or refuses the password.</exception>
    public RedisSemaphore(LockKey resource, int permits, RedisSettings settings, MutexOptions? options = null)
        : base(AfterChecking(resource, permits, ref options, settings)) =>
        (_resource, Permits, _instance) = (resource.ToString(), permits, Open(permits, options!));

    /// <summary>Uses a connection that the caller owns; this object never closes it.</summary>
    /// <exception cref="ArgumentException">The resource is blank, there is no permit, or an option is out of its range.</exception>
    public RedisSemaphore(LockKey resource, int permits, IConnectionMultiplexer connection, MutexOptions? options = null)
        : base(AfterChecking(resource, permits, ref options, connection)) =>
        (_resource, Permits, _instance) = (resource.ToString(), permits, Open(permits, options!));

    /// <summary>How many hold a permit at the same time at the most.</summary>
    public int Permits { get; }

    /// <summary>Waits for a permit and returns it as a scope: it renews itself until it is disposed, which releases it. It has no fence.</summary>
    /// <param name="wait">How long to wait, <see cref="MutexOptions.Wait"/> by default; zero is one try.</param>
    /// <exception cref="LockAcquisitionException">No permit could be had within <paramref name="wait"/>.</exception>
    /// <exception cref="InvalidOperationException">Those who hold permits or wait for them believe in another number of them.</exception>
    /// <exception cref="ArgumentException"><paramref name="wait"/> is negative.</exception>
    /// <exception cref="RedisException">Redis cannot be asked; nothing is left locked for longer than a lease.</exception>
    /// <exception cref="TimeoutException">Redis did not answer; likewise.</exception>
    /// <exception cref="ObjectDisposedException">This object was disposed, before or meanwhile.</exception>
    public MutexLock Acquire(TimeSpan? wait = null)
    {
        var waiter = _instance.NewWaiter(wait, retry: null, isScope: true);
        return RunAsync(waiter, sync: true).Result() ?? throw _instance.NotAcquired(_resource, waiter);
    }

    /// <inheritdoc cref="Acquire"/>
    /// <param name="wait">How long to wait, <see cref="MutexOptions.Wait"/> by default; zero is one try.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing is left locked.</exception>
    public async Task<MutexLock> AcquireAsync(TimeSpan? wait = null, CancellationToken cancellationToken = default)
    {
        var waiter = _instance.NewWaiter(wait, retry: null, isScope: true);
        return await RunAsync(waiter, sync: false, cancellationToken).ConfigureAwait(false) ?? throw _instance.NotAcquired(_resource, waiter);
    }

    /// <summary>As <see cref="AcquireAsync"/>, but null if no permit could be had within <paramref name="wait"/>.</summary>
    /// <inheritdoc cref="AcquireAsync"/>
    public async Task<MutexLock?> TryAcquireAsync(TimeSpan? wait = null, CancellationToken cancellationToken = default) =>
        await RunAsync(_instance.NewWaiter(wait, retry: null, isScope: true), sync: false, cancellationToken).ConfigureAwait(false);

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

    private static T AfterChecking<T>(LockKey resource, int permits, ref MutexOptions? options, T source)
    {
        resource.ToResource(nameof(resource));
        ArgumentOutOfRangeException.ThrowIfLessThan(permits, 1);
        return LockInstance.AfterChecking(ref options, source);
    }

    private LockInstance Open(int permits, MutexOptions options) =>
        new(this, options, options.KeyPrefixOf(Kind), new LoneDrivers(), LockKind.Permit(permits));

    private async ValueTask<MutexLock?> RunAsync(Waiter waiter, bool sync, CancellationToken cancellationToken = default)
    {
        try
        {
            return _instance.NewScope(await _instance.RunAsync(_instance.Context, _resource, waiter, sync, cancellationToken).ConfigureAwait(false));
        }
        catch (RedisServerException e) when (e.Message.Contains(Disagreement, StringComparison.Ordinal))
        {
            throw new InvalidOperationException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The semaphore '{_resource}' has {e.Message.Split(Disagreement)[1]} permits for those who hold or wait now, and {Permits} for this program. Let them agree; the number can change when nobody holds or waits."),
                e);
        }
    }
}
