using DistributedMutex.Tests.Servers;
using StackExchange.Redis;

namespace DistributedMutex.Tests;

/// <summary>On a connection that the application has made, for other things as well.</summary>
public abstract class SharedConnectionTests(ServerFixture server)
{
    [Theory]
    [InlineData("app:")]
    [InlineData("an@app::")]
    public async Task A_waiter_is_granted_the_lock_on_a_connection_whose_channels_have_a_prefix(string prefix)
    {
        var resource = server.NewResource();
        using var connection = Connect(server.Settings, options => options.ChannelPrefix = new RedisChannel(prefix, RedisChannel.PatternMode.Literal));
        await using var holder = server.NewMutex();
        await using var waiter = new RedisMutex(connection);
        Assert.True(await holder.LockAsync(resource));
        var waiting = waiter.LockAsync(resource, TimeSpan.FromMinutes(2));
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 1);
        Assert.True(await holder.UnlockAsync(resource));
        Assert.True(await waiting.WaitAsync(TimeSpan.FromSeconds(15)));
    }

    [Theory]
    [InlineData(RedisProtocol.Resp2)]
    [InlineData(RedisProtocol.Resp3)]
    public async Task Connections_of_either_protocol_hand_the_lock_to_each_other(RedisProtocol protocol)
    {
        const int rounds = 50;
        var (resource, order) = (server.NewResource(), new List<int>());
        var connections = Enumerable.Range(0, 4).Select(_ => Connect(server.Settings, options => options.Protocol = protocol)).ToList();
        await Task.WhenAll(connections.Select(async (connection, number) =>
        {
            await using var mutex = new RedisMutex(connection);
            for (var i = 0; i < rounds; i++)
            {
                await using var held = await mutex.AcquireAsync(resource, TimeSpan.FromMinutes(1));
                order.Add(number);
            }
        })).WaitAsync(TimeSpan.FromMinutes(1));
        connections.ForEach(connection => connection.Dispose());
        Assert.All(order.CountBy(number => number), turns => Assert.Equal(rounds, turns.Value));
    }

    [Fact]
    public async Task Disposing_the_mutex_ends_every_scope_even_if_the_server_does_not_answer()
    {
        using var proxy = new TcpProxy(server.Settings);
        using var connection = Connect(proxy.Settings, options => options.SyncTimeout = 500);
        var mutex = new RedisMutex(connection);
        var scopes = new[] { await mutex.AcquireAsync(server.NewResource()), await mutex.AcquireAsync(server.NewResource()), await mutex.AcquireAsync(server.NewResource()) };
        proxy.SwallowReplies = true;
        mutex.Dispose();
        Assert.All(scopes, scope => Assert.True(scope.Lost.IsCancellationRequested && !scope.IsHeld));
    }

    private static ConnectionMultiplexer Connect(RedisSettings settings, Action<ConfigurationOptions> configure)
    {
        var options = new ConfigurationOptions { EndPoints = { { settings.Host, settings.Port } }, Password = settings.Password };
        configure(options);
        return ConnectionMultiplexer.Connect(options);
    }
}

[Collection(OnRedis.Name)]
public sealed class SharedConnectionToRedisTests(RedisFixture server) : SharedConnectionTests(server);

[Quick]
[Collection(OnGarnet.Name)]
public sealed class SharedConnectionToGarnetTests(GarnetFixture server) : SharedConnectionTests(server);
