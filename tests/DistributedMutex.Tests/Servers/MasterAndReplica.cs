using System.Globalization;
using DistributedMutex.Workshop;
using StackExchange.Redis;

namespace DistributedMutex.Tests.Servers;

/// <summary>Two redis-servers, one of which copies the other, and which can change places.</summary>
internal sealed class MasterAndReplica : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly (PrivateServer Server, ConnectionMultiplexer Admin)[] _servers;

    private MasterAndReplica((PrivateServer Server, ConnectionMultiplexer Admin)[] servers) => _servers = servers;

    public RedisSettings Master => ServerFixture.SettingsOf(_servers[0].Server);

    public RedisSettings Replica => ServerFixture.SettingsOf(_servers[1].Server);

    public IDatabase MasterDatabase => _servers[0].Admin.GetDatabase();

    public static async Task<MasterAndReplica> StartAsync(ServerFixture server)
    {
        var servers = new List<(PrivateServer Server, ConnectionMultiplexer Admin)>();
        for (var i = 0; i < 2; i++)
        {
            // By default a master waits for more replicas before it copies anything, and both may do it by way of a file.
            var started = await server.StartAnotherAsync("--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0", "--repl-diskless-load", "swapdb");
            servers.Add((started, await ConnectionMultiplexer.ConnectAsync(OptionsFor(ServerFixture.SettingsOf(started)))));
        }

        var both = new MasterAndReplica([.. servers]);
        await AskAsync(servers[1].Admin, "REPLICAOF", both.Master.Host, both.Master.Port.ToString(CultureInfo.InvariantCulture));
        await both.UntilCopiedAsync();
        return both;
    }

    /// <summary>A connection that knows both, as a user that both know.</summary>
    public ConnectionMultiplexer Connect(string? user = null, string? password = null)
    {
        var options = OptionsFor(Master);
        (options.User, options.Password) = (user, password);
        options.EndPoints.Add(Replica.Host, Replica.Port);
        return ConnectionMultiplexer.Connect(options);
    }

    /// <summary>Sends a command to both.</summary>
    public async Task TellAsync(string command, params object[] arguments)
    {
        foreach (var (_, admin) in _servers)
        {
            await AskAsync(admin, command, arguments);
        }
    }

    /// <summary>The replica becomes the master, and the master its replica; nothing that was written is lost.</summary>
    public async Task FailOverAsync()
    {
        await AskAsync(_servers[0].Admin, "FAILOVER", "TO", Replica.Host, Replica.Port.ToString(CultureInfo.InvariantCulture));
        await UntilAsync(async () => await RoleAsync(_servers[1].Admin) == "master" && await RoleAsync(_servers[0].Admin) != "master");
        Array.Reverse(_servers);
        await UntilCopiedAsync();
    }

    public void Dispose()
    {
        foreach (var (server, admin) in _servers)
        {
            admin.Dispose();
            server.Dispose();
        }
    }

    private static ConfigurationOptions OptionsFor(RedisSettings settings) => new() { EndPoints = { { settings.Host, settings.Port } }, AllowAdmin = true };

    private static Task<RedisResult> AskAsync(ConnectionMultiplexer admin, string command, params object[] arguments) =>
        admin.GetServer(admin.GetEndPoints()[0]).ExecuteAsync(command, arguments);

    private static async Task<string?> RoleAsync(ConnectionMultiplexer admin) => (string?)((RedisResult[])(await AskAsync(admin, "ROLE"))!)[0];

    // The master knows of its replica a moment later than the replica itself.
    private Task UntilCopiedAsync() => UntilAsync(async () =>
        ((string?)await AskAsync(_servers[0].Admin, "INFO", "replication"))!.Contains("state=online", StringComparison.Ordinal));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience, "the servers have not changed places");
            await Task.Delay(5);
        }
    }
}
