using DistributedMutex.Protocol;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Faults;

/// <summary>
/// In a cluster nobody can see from the count of listeners that a waiter is dead: each costs those behind it one grant. And
/// one script can't see to two slots.
/// </summary>
public sealed class ClusterTests(OwnRedisFixture server) : IClassFixture<OwnRedisFixture>
{
    [Fact]
    public async Task Dead_waiters_in_a_cluster_cost_one_grant_each()
    {
        const int dead = 2;
        using var folder = new TemporaryFolder();
        using var node = await server.StartAnotherAsync("--cluster-enabled", "yes", "--dir", folder.Path);
        await MakeClusterAsync(node);
        await using var holder = new RedisMutex(ServerFixture.SettingsOf(node));
        await using var next = new RedisMutex(ServerFixture.SettingsOf(node));
        await using var held = await holder.AcquireAsync("x");
        using var killed = ChildProcess.StartTestProcess(folder.Path, ["contend", .. Enumerable.Repeat("x", dead)], ServerFixture.EnvironmentOf(node));
        await ServerFixture.UntilQueuedAsync(holder.Database, "x", dead, killed);
        var waiting = next.AcquireAsync("x", TimeSpan.FromSeconds(60));
        await ServerFixture.UntilQueuedAsync(holder.Database, "x", dead + 1, killed);

        killed.Kill();
        await killed.ExitAsync();
        await held.DisposeAsync();
        await using var got = await waiting.WaitAsync((dead * Line.Grant) + TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task Several_keys_may_be_in_several_slots()
    {
        using var folder = new TemporaryFolder();
        using var node = await server.StartAnotherAsync("--cluster-enabled", "yes", "--dir", folder.Path);
        await MakeClusterAsync(node);
        await using var mutex = new RedisMutex(ServerFixture.SettingsOf(node));
        await using var other = new RedisMutex(ServerFixture.SettingsOf(node));
        await using var admin = ServerFixture.ConnectAsAdmin(node);
        var slots = new[] { "a", "b", "c" }.Select(name => (int)admin.GetDatabase().Execute("CLUSTER", "KEYSLOT", "lock:" + name));
        Assert.Equal(3, slots.Distinct().Count());

        await using (var set = await mutex.AcquireAllAsync(["c", "a", "b"]))
        {
            Assert.True(set.IsHeld);
            Assert.Null(await other.TryAcquireAllAsync(["b"], TimeSpan.Zero));
        }

        await using var next = await other.AcquireAllAsync(["a", "b", "c"], TimeSpan.Zero);
    }

    [Fact]
    public async Task Readers_writers_and_permits_are_handed_on_in_a_cluster_too()
    {
        using var folder = new TemporaryFolder();
        using var node = await server.StartAnotherAsync("--cluster-enabled", "yes", "--dir", folder.Path);
        await MakeClusterAsync(node);
        await using var locks = new RedisReadWriteLock(ServerFixture.SettingsOf(node));
        await using var semaphore = new RedisSemaphore("a}b", 1, ServerFixture.SettingsOf(node));
        var (writer, permit) = (await locks.AcquireWriteAsync("a{b}c"), await semaphore.AcquireAsync());
        var reading = locks.AcquireReadAsync("a{b}c");
        var waiting = semaphore.AcquireAsync();
        await ServerFixture.UntilQueuedAsync(locks.Database, new LockKeys("a{b}c", "rwlock:"), 1);
        await ServerFixture.UntilQueuedAsync(locks.Database, new LockKeys("a}b", "semaphore:"), 1);

        await writer.DisposeAsync();
        await permit.DisposeAsync();
        await using var reader = await reading.WaitAsync(Line.Grant);
        await using var next = await waiting.WaitAsync(Line.Grant);
        Assert.Equal(writer.Fence, reader.Fence);
    }

    private static async Task MakeClusterAsync(PrivateServer node)
    {
        await using var admin = ServerFixture.ConnectAsAdmin(node);
        var self = admin.GetServer(admin.GetEndPoints()[0]);
        await self.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
        var started = TimeProvider.System.GetTimestamp();
        while (!((string?)await self.ExecuteAsync("CLUSTER", "INFO"))!.Contains("cluster_state:ok", StringComparison.Ordinal))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(30));
            await Task.Delay(20);
        }
    }
}
