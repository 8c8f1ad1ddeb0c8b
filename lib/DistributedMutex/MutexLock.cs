using System.Runtime.CompilerServices;
using DistributedMutex.Protocol;

namespace DistributedMutex;

/// <summary>A lock that is held: renewed while this object lives (see <see cref="MutexOptions.Renew"/>), released by disposing it.</summary>
public sealed class MutexLock : IDisposable, IAsyncDisposable
{
    private readonly Driver _driver;
    private readonly Hold _hold;
    private readonly MutexOptions _options;

    internal MutexLock(Driver driver, Hold hold, MutexOptions options)
    {
        (_driver, _hold, _options) = (driver, hold, options);
        if (options.Renew)
        {
            driver.Renew(hold);
        }
        else
        {
            GC.SuppressFinalize(this);
        }
    }

    /// <summary>A scope that was dropped without being disposed is not renewed any more: nothing may hold for ever.</summary>
    ~MutexLock() => _hold.Renew(false);

    /// <summary>The resource that is locked.</summary>
    public string Resource => _driver.Resource;

    /// <summary>
    /// The owner token: what the key of the lock holds. It is fresh whenever the lock is taken in Redis; callers of one instance
    /// that hand the lock over among themselves share it (their fences differ). Whoever knows it can release the lock.
    /// </summary>
    public string Token => _hold.Key.Token;

    /// <summary>
    /// The fencing token, greater than those of all earlier holders: a store that refuses writes with a smaller one than
    /// it has seen is safe from a holder that lost the lock and does not know it (M. Kleppmann, "How to do distributed locking").
    /// </summary>
    /// <exception cref="InvalidOperationException"><see cref="MutexOptions.Fence"/> is false, or this is a permit of a <see cref="RedisSemaphore"/>.</exception>
    public long Fence => !_options.Fence ? throw new InvalidOperationException("This lock has no fence: MutexOptions.Fence is false.")
        : _hold.Fence != 0 ? _hold.Fence
        : throw new InvalidOperationException("A permit has no fence: several are held at once, and none of them is the last.");

    /// <summary>Whether the lock is held and can be relied on now.</summary>
    public bool IsHeld => Remaining > TimeSpan.Zero;

    /// <summary>How long the lock can be relied on if it is not renewed; zero when it is not held.</summary>
    public TimeSpan Remaining => _driver.Remaining(_hold);

    /// <summary>Cancelled the moment the lock can no longer be relied on, whether or not Redis answers; not by releasing it.
    /// A callback that refers to this object keeps it alive, and so renewed, even if it is dropped without being disposed.</summary>
    public CancellationToken Lost => _hold.Lost;

    /// <summary>
    /// Lets the lease end no earlier than <paramref name="lease"/> from now (<see cref="MutexOptions.Lease"/> by default) and
    /// no later than <see cref="MutexOptions.MaxHold"/> allows, or a hundred years. False: the lock is not held any more.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="lease"/> is zero or negative.</exception>
    /// <exception cref="StackExchange.Redis.RedisException">Redis cannot be asked; the lock is held until its deadline.</exception>
    /// <exception cref="TimeoutException">Redis did not answer; the lock is held until its deadline.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the lock is held as before or for longer.</exception>
    public Task<bool> ExtendAsync(TimeSpan? lease = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lease ?? TimeSpan.MaxValue, TimeSpan.Zero, nameof(lease));
        return _driver.ExtendAsync(_hold, Clock.Earlier(lease ?? _options.Lease, Clock.LongestLease), cancellationToken);
    }

    /// <summary>Releases the lock, once. False: it was not held any more, by expiry or by an earlier release.</summary>
    /// <exception cref="StackExchange.Redis.RedisException">Redis cannot be asked; it is asked again in the background until it answers or the lease is over.</exception>
    /// <exception cref="TimeoutException">Redis did not answer; likewise.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled: before the release began, and the lock is held as before, or the outcome is unknown; likewise.</exception>
    public Task<bool> ReleaseAsync(CancellationToken cancellationToken = default) =>
        _driver.ReleaseAsync(_hold, sync: false, cancellationToken).AsTask();

    /// <summary>Releases the lock if it is held. Never throws: a failure is logged, and repeated in the background until Redis answers or the lease is over.</summary>
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _driver.ReleaseQuietlyAsync(_hold, sync: true).Result();
    }

    /// <inheritdoc cref="Dispose"/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _driver.ReleaseQuietlyAsync(_hold, sync: false).ConfigureAwait(false);
    }
}
