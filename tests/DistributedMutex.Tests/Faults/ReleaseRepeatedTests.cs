using DistributedMutex.Tests.Servers;
using StackExchange.Redis;

namespace DistributedMutex.Tests.Faults;

/// <summary>A release whose connection breaks is sent again: those who wait must not have to wait for the rest of the lease.</summary>
public abstract class ReleaseRepeatedTests(ServerFixture server)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(HowToRelease.Dispose)]
    [InlineData(HowToRelease.DisposeAsync)]
    [InlineData(HowToRelease.ReleaseAsync)]
    [InlineData(HowToRelease.Unlock)]
    [InlineData(HowToRelease.DisposeTheMutex)]
    public async Task A_release_whose_connection_breaks_is_sent_again(HowToRelease how)
    {
        using var proxy = new TcpProxy(server.Settings);
        await using var mutex = new RedisMutex(proxy.Settings);
        await using var waiter = server.NewMutex();
        var resource = server.NewResource();
        MutexLock? held = null;
        if (how == HowToRelease.Unlock)
        {
            Assert.True(await mutex.LockAsync(resource));
        }
        else
        {
            held = await mutex.AcquireAsync(resource);
        }

        var waiting = waiter.AcquireAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(waiter.Database, resource, 1);
        proxy.CutBefore("lock:" + resource);
        switch (how)
        {
            case HowToRelease.Dispose:
                await Task.Run(held!.Dispose);
                break;
            case HowToRelease.DisposeAsync:
                await held!.DisposeAsync();
                break;
            case HowToRelease.ReleaseAsync:
                await Assert.ThrowsAnyAsync<RedisException>(() => held!.ReleaseAsync());
                break;
            case HowToRelease.Unlock:
                await Assert.ThrowsAnyAsync<RedisException>(() => mutex.UnlockAsync(resource));
                break;
            case HowToRelease.DisposeTheMutex:
                await mutex.DisposeAsync();
                break;
        }

        Assert.False(proxy.WillCut);
        await using var next = await waiting.WaitAsync(Soon);
        Assert.False(held?.IsHeld ?? false);
    }

    [Fact]
    public async Task A_storm_that_breaks_connections_costs_fifty_waiters_no_lease()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await using var crew = new Crew([.. Enumerable.Range(0, 50).Select(_ => new RedisMutex(ServerFixture.SettingsOf(another)))]);
        for (var i = 0; i < 10; i++)
        {
            await Task.WhenAny(crew.TakeAsync(20), Task.Delay(TimeSpan.FromMilliseconds(300)));
            foreach (var type in new[] { "normal", "pubsub" })
            {
                await admin.GetServer(admin.GetEndPoints()[0]).ExecuteAsync("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes");
            }
        }

        // 30 s is the lease of whoever held it.
        await crew.TakeAsync(200).WaitAsync(TimeSpan.FromSeconds(20));
        await crew.DisposeAsync();
        Assert.Equal(0, crew.Doubled);
    }

    public enum HowToRelease
    {
        Dispose,
        DisposeAsync,
        ReleaseAsync,
        Unlock,
        DisposeTheMutex,
    }
}

public sealed class ReleaseRepeatedOnRedisTests(OwnRedisFixture server) : ReleaseRepeatedTests(server), IClassFixture<OwnRedisFixture>;

public sealed class ReleaseRepeatedOnGarnetTests(GarnetFixture server) : ReleaseRepeatedTests(server), IClassFixture<GarnetFixture>;
