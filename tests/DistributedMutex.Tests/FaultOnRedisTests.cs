using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests;

[Collection(OnRedis.Name)]
public sealed class FaultOnRedisTests(RedisFixture server) : FaultTests(server)
{
    [Fact]
    public async Task Killed_connections_and_a_sleeping_server_cost_a_waiter_no_more_than_time()
    {
        using var another = await StartAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await using var holder = new RedisMutex(admin);
        await using var waiter = new RedisMutex(ServerFixture.SettingsOf(another));
        Assert.True(await holder.LockAsync("x"));
        var waiting = waiter.LockAsync("x", TimeSpan.FromSeconds(60));
        await ServerFixture.UntilQueuedAsync(admin.GetDatabase(), "x", 1);

        await admin.GetDatabase().ExecuteAsync("CLIENT", "PAUSE", "500");
        await admin.GetDatabase().ExecuteAsync("DEBUG", "SLEEP", "0.5");
        await admin.GetDatabase().ExecuteAsync("SCRIPT", "FLUSH");
        await admin.GetDatabase().ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub");
        Assert.True(await holder.UnlockAsync("x"));
        Assert.True(await waiting.WaitAsync(TimeSpan.FromSeconds(15)));
    }

    private async Task<PrivateServer> StartAsync() => await Server.StartAnotherAsync("--enable-debug-command", "yes");

    private RedisFixture Server { get; } = server;
}
