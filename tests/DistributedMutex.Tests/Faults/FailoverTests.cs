using System.Collections.Concurrent;
using DistributedMutex.Tests.Servers;
using StackExchange.Redis;

namespace DistributedMutex.Tests.Faults;

/// <summary>A replica takes over from its master, which becomes its replica.</summary>
public sealed class FailoverTests(OwnRedisFixture server) : IClassFixture<OwnRedisFixture>
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(12);

    [Fact]
    public async Task A_failover_never_makes_two_holders_and_the_service_goes_on_within_seconds()
    {
        using var servers = await MasterAndReplica.StartAsync(server);
        var connections = Enumerable.Range(0, 6).Select(_ => servers.Connect()).ToList();
        await using var crew = new Crew([.. connections.Select(connection => new RedisMutex(connection))]);
        await crew.TakeAsync(20).WaitAsync(Long);
        for (var i = 0; i < 2; i++)
        {
            await servers.FailOverAsync();
            await crew.TakeAsync(50).WaitAsync(Soon);
        }

        await crew.DisposeAsync();
        Assert.Equal(0, crew.Doubled);
        connections.ForEach(connection => connection.Dispose());
    }

    [Fact]
    public async Task A_failover_behind_one_address_never_makes_two_holders_and_the_service_goes_on_within_seconds()
    {
        using var servers = await MasterAndReplica.StartAsync(server);
        using var proxy = new TcpProxy(servers.Master);
        await using var crew = new Crew([.. Enumerable.Range(0, 6).Select(_ => new RedisMutex(proxy.Settings))]);
        await crew.TakeAsync(20).WaitAsync(Long);
        for (var i = 0; i < 2; i++)
        {
            await servers.FailOverAsync();
            proxy.MoveTo(servers.Master);
            await crew.TakeAsync(50).WaitAsync(Soon);
        }

        await crew.DisposeAsync();
        Assert.Equal(0, crew.Doubled);
    }

    [Fact]
    public async Task A_holder_keeps_its_lock_through_a_failover_and_its_waiters_hear_of_its_release()
    {
        using var servers = await MasterAndReplica.StartAsync(server);
        await using var first = servers.Connect();
        await using var second = servers.Connect();
        await using var holder = new RedisMutex(first, new MutexOptions { Lease = TimeSpan.FromSeconds(3) });
        await using var waiter = new RedisMutex(second);
        await using var held = await holder.AcquireAsync("x");
        var waiting = waiter.AcquireAsync("x", Long);
        await ServerFixture.UntilQueuedAsync(servers.MasterDatabase, "x", 1);

        await servers.FailOverAsync();
        await Task.Delay(TimeSpan.FromSeconds(4));
        Assert.True(held.IsHeld);
        await held.DisposeAsync();
        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.True(next.Fence > held.Fence);
    }

    [Fact]
    public async Task A_grant_is_not_heard_at_a_replica()
    {
        using var servers = await MasterAndReplica.StartAsync(server);
        await using var atMaster = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{servers.Master.Port}");
        await using var atReplica = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{servers.Replica.Port}");
        var (messages, copies) = (new ConcurrentQueue<string?>(), new ConcurrentQueue<string?>());
        await ListenAsync(atMaster, messages);
        await ListenAsync(atReplica, copies);
        await using var holder = new RedisMutex(servers.Master);
        await using var waiter = new RedisMutex(servers.Master);
        for (var i = 0; i < 5; i++)
        {
            var held = await holder.AcquireAsync("x");
            var waiting = waiter.AcquireAsync("x", Long);
            await ServerFixture.UntilQueuedAsync(servers.MasterDatabase, "x", 1);
            await held.DisposeAsync();
            await (await waiting).DisposeAsync();
        }

        // What comes after them on the same ways shows that they have had their time.
        await servers.MasterDatabase.PublishAsync(RedisChannel.Literal("lock-grants:last"), "last");
        await UntilHeardAsync(messages);
        await UntilHeardAsync(copies);
        Assert.Equal(["last"], copies);
        Assert.Equal(6, messages.Count);

        static Task ListenAsync(ConnectionMultiplexer connection, ConcurrentQueue<string?> heard) => connection.GetSubscriber()
            .SubscribeAsync(RedisChannel.Pattern("lock-grants:*"), (_, message) => heard.Enqueue(message));

        static async Task UntilHeardAsync(ConcurrentQueue<string?> heard)
        {
            var started = TimeProvider.System.GetTimestamp();
            while (!heard.Contains("last"))
            {
                Assert.True(TimeProvider.System.GetElapsedTime(started) < Long);
                await Task.Delay(5);
            }
        }
    }
}
