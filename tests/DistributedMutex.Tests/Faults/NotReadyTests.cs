using System.Globalization;
using DistributedMutex.Protocol;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;
using StackExchange.Redis;

namespace DistributedMutex.Tests.Faults;

/// <summary>
/// What a real server answers while it can't serve: each is worth another try until the wait is over, and then thrown. LOADING,
/// BUSY and READONLY are in <see cref="RefusalTests"/>.
/// </summary>
public sealed class NotReadyTests(OwnRedisFixture server) : IClassFixture<OwnRedisFixture>
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task NOREPLICAS_until_the_master_may_do_without()
    {
        using var another = await server.StartAnotherAsync("--min-replicas-to-write", "1");
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await using var mutex = new RedisMutex(ServerFixture.SettingsOf(another));
        await LocksWhenReadyAsync(mutex, "NOREPLICAS", () => TellAsync(admin, "CONFIG", "SET", "min-replicas-to-write", "0"));
    }

    [Fact]
    public async Task MASTERDOWN_until_the_replica_is_the_master()
    {
        using var another = await server.StartAnotherAsync("--replica-serve-stale-data", "no");
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await using var mutex = new RedisMutex(ServerFixture.SettingsOf(another));
        await TellAsync(admin, "REPLICAOF", "127.0.0.1", "1");
        await LocksWhenReadyAsync(mutex, "MASTERDOWN", () => TellAsync(admin, "REPLICAOF", "NO", "ONE"));
    }

    [Fact]
    public async Task CLUSTERDOWN_until_the_slot_is_served()
    {
        using var folder = new TemporaryFolder();
        using var node = await StartNodeAsync(folder.Path);
        using var admin = ServerFixture.ConnectAsAdmin(node);
        await TellAsync(admin, "CLUSTER", "ADDSLOTSRANGE", "0", "16383");
        await UntilServingAsync(admin);
        await using var mutex = new RedisMutex(ServerFixture.SettingsOf(node));
        await TellAsync(admin, "CLUSTER", "DELSLOTSRANGE", "0", "16383");
        await LocksWhenReadyAsync(mutex, "CLUSTERDOWN", () => TellAsync(admin, "CLUSTER", "ADDSLOTSRANGE", "0", "16383"));
    }

    [Fact]
    public async Task TRYAGAIN_until_the_slot_does_not_move_any_more()
    {
        using var fromFolder = new TemporaryFolder();
        using var toFolder = new TemporaryFolder();
        using var from = await StartNodeAsync(fromFolder.Path);
        using var to = await StartNodeAsync(toFolder.Path);
        using var fromAdmin = ServerFixture.ConnectAsAdmin(from);
        using var toAdmin = ServerFixture.ConnectAsAdmin(to);
        await TellAsync(fromAdmin, "CLUSTER", "ADDSLOTSRANGE", "0", "16383");
        await TellAsync(fromAdmin, "CLUSTER", "MEET", "127.0.0.1", $"{to.Port}", ((string[]?)await toAdmin.GetServer(toAdmin.GetEndPoints()[0]).ExecuteAsync("CONFIG", "GET", "cluster-port"))![1]);
        await UntilServingAsync(fromAdmin);
        await UntilServingAsync(toAdmin);
        await using var mutex = new RedisMutex(ServerFixture.SettingsOf(from));

        // Of the three keys of the lock, one is there and two have gone.
        var slot = await TellAsync(fromAdmin, "CLUSTER", "KEYSLOT", "lock:x");
        await TellAsync(fromAdmin, "SET", (string)new LockKeys("x").Fence!, "1");
        await TellAsync(toAdmin, "CLUSTER", "SETSLOT", slot, "IMPORTING", await TellAsync(fromAdmin, "CLUSTER", "MYID"));
        await TellAsync(fromAdmin, "CLUSTER", "SETSLOT", slot, "MIGRATING", await TellAsync(toAdmin, "CLUSTER", "MYID"));
        await LocksWhenReadyAsync(mutex, "TRYAGAIN", () => TellAsync(fromAdmin, "CLUSTER", "SETSLOT", slot, "STABLE"));
    }

    [Fact]
    public async Task A_full_table_of_connections_until_there_is_a_place()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await using var mutex = new RedisMutex(ServerFixture.SettingsOf(another));
        await TellAsync(admin, "CONFIG", "SET", "maxclients", "1");
        await TellAsync(admin, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        await LocksWhenReadyAsync(mutex, "", () => TellAsync(admin, "CONFIG", "SET", "maxclients", "100"));
    }

    [Theory]
    [InlineData("WRONGTYPE", "SET", "{lock:x}:queue", "a text")]
    [InlineData("NOPERM", "ACL", "SETUSER", "default", "resetkeys", "~other:*")]
    [InlineData("OOM", "CONFIG", "SET", "maxmemory", "1")]
    public async Task What_does_not_pass_is_thrown_at_once(string words, string command, params string[] arguments)
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await using var mutex = new RedisMutex(ServerFixture.SettingsOf(another));
        await TellAsync(admin, command, arguments);
        var thrown = await Assert.ThrowsAsync<RedisServerException>(() => mutex.AcquireAsync("x", Long).WaitAsync(Long / 2));
        Assert.Contains(words, thrown.Message, StringComparison.Ordinal);
    }

    private static async Task LocksWhenReadyAsync(RedisMutex mutex, string words, Func<Task> makeReady)
    {
        var refused = await Record.ExceptionAsync(() => mutex.AcquireAsync("x", Short));
        Assert.True(refused is RedisException or TimeoutException, refused?.ToString());
        Assert.Contains(words, refused!.Message, StringComparison.Ordinal);
        var waiting = mutex.AcquireAsync("x", Long);
        var blocking = Task.Factory.StartNew(() => mutex.Acquire("x", Long), TaskCreationOptions.LongRunning);

        // For as long as a call with a short wait takes to give up once more, the others do not.
        await Record.ExceptionAsync(() => mutex.AcquireAsync("x", Short));
        Assert.False(waiting.IsCompleted || blocking.IsCompleted);
        await makeReady();
        var first = await Task.WhenAny(waiting, blocking).WaitAsync(Long / 2);
        await (await first).DisposeAsync();
        await (await (first == waiting ? blocking : waiting).WaitAsync(Long / 2)).DisposeAsync();
    }

    private Task<PrivateServer> StartNodeAsync(string folder) =>
        server.StartAnotherAsync("--cluster-enabled", "yes", "--dir", folder, "--cluster-port", PrivateServer.FindFreePort().ToString(CultureInfo.InvariantCulture));

    private static async Task<string> TellAsync(ConnectionMultiplexer admin, string command, params object[] arguments) =>
        (string?)await admin.GetServer(admin.GetEndPoints()[0]).ExecuteAsync(command, arguments) ?? "";

    // It knows of all slots, and of nobody whose name it does not know yet.
    private static async Task UntilServingAsync(ConnectionMultiplexer admin)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (await TellAsync(admin, "CLUSTER", "INFO") is var info && await TellAsync(admin, "CLUSTER", "NODES") is var nodes
            && (!info.Contains("cluster_state:ok", StringComparison.Ordinal) || !info.Contains("cluster_slots_ok:16384", StringComparison.Ordinal) || nodes.Contains("handshake", StringComparison.Ordinal)))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Long);
            await Task.Delay(20);
        }
    }
}
