using System.Runtime.CompilerServices;
using DistributedMutex.Diagnostics;
using DistributedMutex.Protocol;

namespace DistributedMutex;

/// <summary>What a <see cref="RedisMutex"/> and its family have in common: the calls of one instance, from the first to its end.</summary>
internal sealed class LockInstance
{
    private readonly RedisClient _client;
    private readonly MutexOptions _options;
    private readonly IDrivers _drivers;
    private readonly DriverContext _context;
    private int _disposing;

    public LockInstance(RedisClient client, MutexOptions options, string keyPrefix, IDrivers drivers, LockKind kind)
    {
        (_client, _options, _drivers) = (client, options, drivers);
        var mailbox = Mailbox.Of(client.Connection);
        _context = new DriverContext(
            new LockProtocol(client.Database, kind.Scripts),
            mailbox,
            new LineOptions(options.Lease, options.MaxHold, () => kind.NewToken(mailbox.ClientId)),
            keyPrefix,
            options.TimeProvider,
            options.NewLogger(),
            new CallCounter(),
            drivers.MayKeep,
            drivers.Forget)
        {
            Kind = kind,
            WatcherOf = drivers is LoneDrivers lone ? lone.WatcherOf : null,
        };
    }

    public bool IsDisposing => _disposing != 0;

    /// <summary>For calls of this kind.</summary>
    public DriverContext Context => _context;

    /// <summary>For calls of another kind.</summary>
    public DriverContext ContextOf(LockKind kind) =>
        _context with { Kind = kind, Line = _context.Line with { NewToken = () => kind.NewToken(_context.Mailbox.ClientId) } };

    /// <summary>The options, checked. To be called before a base constructor that connects: wrong options must not cost a connection.</summary>
    public static T AfterChecking<T>(ref MutexOptions? options, T source)
    {
        options = (options ?? new MutexOptions()).ValidatedCopy();
        return source;
    }

    public Waiter NewWaiter(TimeSpan? wait, TimeSpan? retry, bool isScope) => new()
    {
        Came = _options.TimeProvider.Now(),
        Wait = MutexOptions.ValidateWait(wait ?? _options.Wait, nameof(wait)),
        Retry = MutexOptions.ValidateRetry(retry ?? _options.Retry, nameof(retry)),
        Strategy = retry is null ? _options.RetryStrategy : null,
        IsScope = isScope,

        // The plain command that takes a lock without one is the mutex's only.
        WantsFence = isScope && (_options.Fence || _context.Kind != LockKind.Mutex),
    };

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<(Driver Driver, Hold? Hold)> RunAsync(
        DriverContext context, LockKey key, Waiter waiter, bool sync, CancellationToken cancellationToken = default)
    {
        var resource = key.ToResource("resource");
        ObjectDisposedException.ThrowIf(IsDisposing || !context.Calls.TryEnter(), _client);
        var waiting = new Waiting(resource, context.Kind, _options.TimeProvider);
        Hold? hold = null;
        var driver = _drivers.Enter(resource, waiter, context);
        try
        {
            hold = waiting.Returns(await driver.AcquireAsync(waiter, sync, cancellationToken).ConfigureAwait(false));
            return (driver, hold);
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
            var waited = _options.TimeProvider.Now() - waiter.Came;
            waiting.End(waited, _options.TimeProvider);
            if (hold is not null)
            {
                driver.BeginHold(hold, waited);
            }

            context.Calls.Leave();
        }
    }

    public MutexLock? NewScope((Driver Driver, Hold? Hold) run) => run.Hold is null ? null : new MutexLock(run.Driver, run.Hold, _options);

    public LockAcquisitionException NotAcquired(LockKey resource, Waiter waiter) =>
        new(resource.ToString(), _options.TimeProvider.Now() - waiter.Came, waiter.Holder);

    /// <summary>The instance is about to be disposed of; true once.</summary>
    public bool TryDispose() => Interlocked.Exchange(ref _disposing, 1) == 0;

    /// <summary>Nobody waits any more, and what is held is given back, as far as that can be done in the time of one reply.</summary>
    public async ValueTask<bool> EndAsync(bool sync)
    {
        var started = _options.TimeProvider.Now();
        var releases = new List<Task>();
        foreach (var driver in _drivers.All)
        {
            if (driver.Close() is { } held)
            {
                releases.Add(driver.ReleaseQuietlyAsync(held, sync: false).AsTask());
            }
        }

        await Task.WhenAll(releases).PassAsync(_context.Limit, _options.TimeProvider, sync, CancellationToken.None).ConfigureAwait(false);
        await _context.Calls.CloseAsync()
            .PassAsync(_context.LimitUntil(started.Later(_context.Limit), _options.TimeProvider.Now()), _options.TimeProvider, sync, CancellationToken.None).ConfigureAwait(false);
        return true;
    }
}
