using System.Globalization;
using DistributedMutex.Protocol;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Workshop;
using StackExchange.Redis;

namespace DistributedMutex.Tests.Servers;

/// <summary>A server of one kind for all tests of a collection; where it cannot be had they are skipped, and the reason is printed.</summary>
public abstract class ServerFixture : IAsyncLifetime
{
    // A server that the environment names may still know the resources of an earlier run.
    private readonly string _run = Guid.NewGuid().ToString("N")[..8];

    private RunningServer? _server;
    private string _missing = "";
    private int _names;

    /// <summary>Fails the test as skipped if the machine has no such server.</summary>
    public RedisSettings Settings
    {
        get
        {
            Assert.SkipWhen(_server is null, _missing);
            return _server.Settings;
        }
    }

    /// <summary>What a child process needs to use the server.</summary>
    public (string Name, string? Value)[] Environment => EnvironmentOf(Settings);

    /// <summary>How to start a server of this kind on this machine; null if it is not here.</summary>
    private protected abstract ServerKind? Kind { get; }

    public async ValueTask InitializeAsync()
    {
        try
        {
            _server = await StartAsync();
        }
        catch (InvalidOperationException e)
        {
            _missing = e.Message;
            Notice.Print($"Tests on a real server are skipped: {_missing}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.StopAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>The server of the collection.</summary>
    /// <exception cref="InvalidOperationException">There is none; the message is the reason.</exception>
    private protected virtual async Task<RunningServer> StartAsync()
    {
        var server = await PrivateServer.StartAsync(
            Kind ?? throw new InvalidOperationException("redis-server is not on PATH"), [], CancellationToken.None);
        return new RunningServer(SettingsOf(server), () =>
        {
            server.Dispose();
            return ValueTask.CompletedTask;
        });
    }

    /// <summary>Another server of this kind, for a test that breaks, restarts or configures it.</summary>
    internal async Task<PrivateServer> StartAnotherAsync(params string[] moreArguments)
    {
        Assert.SkipWhen(_server is null, _missing);
        Assert.SkipWhen(Kind is null, "this test needs a server of its own, and redis-server is not on PATH");
        return await PrivateServer.StartAsync(Kind, moreArguments, CancellationToken.None);
    }

    internal static RedisSettings SettingsOf(PrivateServer server) => new() { Host = "127.0.0.1", Port = server.Port };

    internal static (string Name, string? Value)[] EnvironmentOf(PrivateServer server) => EnvironmentOf(SettingsOf(server));

    /// <summary>A connection that may also send FLUSHALL, INFO and the like, which 3.x of the client refuses otherwise.</summary>
    internal static ConnectionMultiplexer ConnectAsAdmin(PrivateServer server) =>
        ConnectionMultiplexer.Connect(new ConfigurationOptions { EndPoints = { { "127.0.0.1", server.Port } }, AllowAdmin = true });

    private static (string Name, string? Value)[] EnvironmentOf(RedisSettings settings) =>
    [
        ("REDIS_HOST", settings.Host),
        ("REDIS_PORT", settings.Port.ToString(CultureInfo.InvariantCulture)),
        ("REDIS_USER", settings.User),
        ("REDIS_PASSWORD", settings.Password),
    ];

    /// <summary>How many scripts the server has been sent; skips the test if the server does not count.</summary>
    public static async Task<long> CountCommandsAsync(IConnectionMultiplexer admin)
    {
        var count = await TryCountCommandsAsync(admin);
        Assert.SkipWhen(count is null, "Garnet does not count commands");
        return count.Value;
    }

    /// <summary>How many scripts the server has been sent; null if it does not count.</summary>
    public static async Task<long?> TryCountCommandsAsync(IConnectionMultiplexer admin)
    {
        var info = (await admin.GetServer(admin.GetEndPoints()[0]).InfoAsync("commandstats")).SelectMany(group => group).ToList();
        return info.Count == 0 ? null : info.Where(line => line.Key is "cmdstat_evalsha" or "cmdstat_eval")
            .Sum(line => long.Parse(line.Value.Split('=', ',')[1], CultureInfo.InvariantCulture));
    }

    /// <summary>Waits until so many wait for a resource in Redis.</summary>
    internal static Task UntilQueuedAsync(IDatabase database, string resource, int count, ChildProcess? waiter = null) =>
        UntilQueuedAsync(database, new LockKeys(resource), count, waiter);

    /// <inheritdoc cref="UntilQueuedAsync(IDatabase, string, int, ChildProcess)"/>
    internal static async Task UntilQueuedAsync(IDatabase database, LockKeys keys, int count, ChildProcess? waiter = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (await database.SortedSetLengthAsync(keys.Queue) is var queued && queued != count)
        {
            Assert.True(
                TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(60), $"{queued} wait for {keys.Lock}, never {count}; the process said '{waiter?.Said}'.");
            await Task.Delay(5);
        }
    }

    /// <summary>A resource that no other test uses.</summary>
    public string NewResource() => $"test-{_run}-{Interlocked.Increment(ref _names)}";

    public RedisMutex NewMutex(MutexOptions? options = null) => new(Settings, options);

    public RedisReadWriteLock NewReadWriteLock(MutexOptions? options = null) => new(Settings, options);

    public RedisSemaphore NewSemaphore(string resource, int permits, MutexOptions? options = null) => new(resource, permits, Settings, options);

    /// <summary>What a client that knows nothing of this library sees and does.</summary>
    public RedisClient NewForeignClient() => new(Settings);
}

/// <summary>redis-server from PATH, for a class of tests of its own that break it, or that run beside others.</summary>
public sealed class OwnRedisFixture : ServerFixture
{
    private protected override ServerKind? Kind => ServerKind.FindRedis();
}

public sealed class GarnetFixture : ServerFixture
{
    private protected override ServerKind? Kind => ServerKind.Garnet;
}

/// <summary>A server that runs, and how to end it.</summary>
internal sealed record RunningServer(RedisSettings Settings, Func<ValueTask> StopAsync);

[CollectionDefinition(Name)]
public sealed class OnRedis : ICollectionFixture<RedisFixture>
{
    public const string Name = "redis-server";
}

[CollectionDefinition(Name)]
public sealed class OnGarnet : ICollectionFixture<GarnetFixture>
{
    public const string Name = "Garnet";
}

/// <summary>Tests that change the environment or the current folder of this process, or share the clone's private server.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
