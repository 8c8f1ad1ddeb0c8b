using DistributedMutex.Faults.History;
using DistributedMutex.Faults.Store;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace DistributedMutex.Faults.Workers;

/// <summary>
/// A process that takes locks in all ways that the library has, on connections of both protocols, until its standard
/// input ends.
/// </summary>
internal sealed class Worker(WorkerPlan plan, HistoryWriter history) : IAsyncDisposable
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ServiceWait = TimeSpan.FromSeconds(3);

    private readonly List<IAsyncDisposable> _opened = [];

    public WorkerPlan Plan => plan;

    public HistoryWriter History => history;

    public Dictionary<string, FencedStore> Stores { get; } = plan.Locks.ToDictionary(name => name, name => new FencedStore(plan.Folder, name));

    /// <summary>What a worker process does.</summary>
    public static async Task<int> RunAsync(string json)
    {
        var plan = WorkerPlan.FromJson(json);

        // Never closed: the meters write to the end of the process.
        var history = new HistoryWriter(plan.Folder, plan.Name, new RunClock(plan.Origin));
        TaskScheduler.UnobservedTaskException += (_, e) =>
            history.Write(plan.Name, $"unobserved error={e.Exception.ToString().ReplaceLineEndings(" ").Replace(' ', '_')}");
        using var stop = new CancellationTokenSource();
        _ = Task.Factory.StartNew(
            () =>
            {
                Console.In.ReadToEnd();
                stop.Cancel();
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        StallMeter.Start(history, plan.Name);
        var worker = new Worker(plan, history);
        await using (worker.ConfigureAwait(false))
        {
            await worker.WorkAsync(stop.Token).ConfigureAwait(false);
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        history.Write(plan.Name, $"ended");
        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var opened in Enumerable.Reverse(_opened))
        {
            await opened.DisposeAsync().ConfigureAwait(false);
        }

        foreach (var store in Stores.Values)
        {
            store.Dispose();
        }
    }

    private async Task WorkAsync(CancellationToken stop)
    {
        if (plan.Connection.Contains("serviceName", StringComparison.Ordinal))
        {
            // The client's own search for a new master blocks threads of the pool, dozens, for seconds.
            ThreadPool.SetMinThreads(64, 64);
        }

        var (resp2, resp3) = (Open(RedisProtocol.Resp2), Open(RedisProtocol.Resp3));
        var shared = Keep(new RedisMutex(resp3, new MutexOptions { Lease = Short }));
        var second = Keep(new RedisMutex(resp2, new MutexOptions { Lease = Short }));
        var slow = Keep(new RedisMutex(resp2, new MutexOptions { Lease = Short }));
        var patient = Keep(new RedisMutex(resp3, new MutexOptions { Lease = Long }));
        var service = Keep(new ServiceCollection().AddSingleton<IConnectionMultiplexer>(resp2)
            .AddDistributedMutex(options => (options.Lease, options.Wait) = (Short, ServiceWait)).BuildServiceProvider())
            .GetRequiredService<IDistributedMutex>();
        List<Caller> callers =
        [
            new ScopeCaller(shared, "shared", "scope", Short),
            new ScopeCaller(shared, "shared", "cancelling", Short, cancels: true),
            new ScopeCaller(patient, "patient", "long-scope", Long) { Pace = Pace.Long },
            new ScopeCaller(patient, "patient", "long-scope2", Long) { Pace = Pace.Long },
            new ScopeCaller(second, "second", "scope2", Short),
            new LockCaller(second, "second", "lock2", Short),
            new ServiceCaller(service, "service", "service", Short, ServiceWait),
            new ServiceCaller(service, "service", "service2", Short, ServiceWait),
            new ScopeCaller(shared, "shared", "slow-scope", Short) { Pace = Pace.Slow },
            new ScopeCaller(second, "second", "slow-scope2", Short) { Pace = Pace.Slow },
            new LockCaller(slow, "slow", "slow-lock", Short) { Pace = Pace.Slow },
        ];
        if (await OpenOwnAsync(stop).ConfigureAwait(false) is { } own)
        {
            callers.Add(new BlockingLockCaller(own, "own", "thread", Short));
            callers.Add(new BlockingScopeCaller(own, "own", "scope-thread", Short));
        }

        history.Write(plan.Name, $"begun");
        await Task.WhenAll(callers.Select((caller, number) => caller.RunAsync(this, plan.Seed + (number * 1000), stop))).ConfigureAwait(false);
    }

    // The server may be away just now.
    private async Task<RedisMutex?> OpenOwnAsync(CancellationToken stop)
    {
        while (plan.Own is not null && !stop.IsCancellationRequested)
        {
            try
            {
                return Keep(new RedisMutex(plan.Own, new MutexOptions { Lease = Short }));
            }
            catch (RedisConnectionException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), CancellationToken.None).ConfigureAwait(false);
            }
        }

        return null;
    }

    private ConnectionMultiplexer Open(RedisProtocol protocol)
    {
        var options = ConfigurationOptions.Parse(plan.Connection);
        options.AbortOnConnectFail = false;
        options.Protocol = protocol;
        return Keep(ConnectionMultiplexer.Connect(options));
    }

    private T Keep<T>(T opened)
        where T : IAsyncDisposable
    {
        _opened.Add(opened);
        return opened;
    }
}
