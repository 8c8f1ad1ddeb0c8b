using DistributedMutex.Protocol;
using DistributedMutex.Tests.Servers;
using StackExchange.Redis;

namespace DistributedMutex.Tests;

public abstract class KeyPrefixTests(ServerFixture server)
{
    [Fact]
    public async Task Every_key_of_a_lock_begins_as_the_prefix_says()
    {
        var (resource, options) = (server.NewResource(), new MutexOptions { KeyPrefix = "shop:locks:" });
        await using var mutex = server.NewMutex(options);
        await using var other = server.NewMutex(options);
        var held = await mutex.AcquireAsync(resource);
        var waiting = other.AcquireAsync(resource, TimeSpan.FromSeconds(20));
        await ServerFixture.UntilQueuedAsync(other.Database, new LockKeys(resource, options.KeyPrefix), 1);
        Assert.Equal(
            [$"shop:locks:{resource}", $"{{shop:locks:{resource}}}:fence", $"{{shop:locks:{resource}}}:queue"],
            mutex.Connection.GetServers()[0].Keys(pattern: $"*{resource}*").Select(key => (string)key!).Order(StringComparer.Ordinal));

        Assert.True(await other.IsLockedAsync(resource));
        Assert.True(await held.ReleaseAsync());
        await using var next = await waiting;
        Assert.True(next.Fence > held.Fence);
        Assert.True(await next.ExtendAsync(TimeSpan.FromMinutes(5)));
        Assert.InRange((await mutex.Database.KeyTimeToLiveAsync("shop:locks:" + resource))!.Value.TotalMinutes, 4, 5);
    }

    [Fact]
    public async Task Locks_with_other_prefixes_are_other_locks()
    {
        var resource = server.NewResource();
        await using var mutex = server.NewMutex();
        await using var other = server.NewMutex(new MutexOptions { KeyPrefix = "others:" });
        Assert.True(await mutex.LockAsync(resource));
        Assert.False(await other.IsLockedAsync(resource));
        Assert.True(await other.LockAsync(resource, TimeSpan.Zero));
    }

    [Fact]
    public async Task A_grant_that_nobody_waits_for_any_more_is_given_back_under_its_own_prefix()
    {
        var (resource, options) = (server.NewResource(), new MutexOptions { KeyPrefix = "{shop}:" });
        var keys = new LockKeys(resource, options.KeyPrefix);
        await using var mutex = server.NewMutex(options);
        await using var other = server.NewMutex(options);
        Assert.True(await mutex.LockAsync(resource));

        // It hears its connection's messages from now on; then one for a token that it does not know.
        Assert.False(await other.LockAsync(resource, TimeSpan.FromMilliseconds(100)));
        Assert.True(await mutex.Database.SortedSetAddAsync(keys.Queue, OwnerToken.New(Mailbox.Of(other.Connection).ClientId), 1));
        Assert.True(await mutex.UnlockAsync(resource));
        var started = TimeProvider.System.GetTimestamp();
        while (await mutex.IsLockedAsync(resource))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(2), "it ended by itself");
            await Task.Delay(5);
        }
    }
}

[Collection(OnRedis.Name)]
public sealed class KeyPrefixOnRedisTests(RedisFixture server) : KeyPrefixTests(server)
{
    [Theory]
    [InlineData("")]
    [InlineData(" \n")]
    [InlineData("shop}:")]
    [InlineData("{shop:")]
    [InlineData("{}shop:")]
    public void A_prefix_that_cannot_be_meant_is_refused_by_name(string prefix)
    {
        var thrown = Assert.Throws<ArgumentException>(() => server.NewMutex(new MutexOptions { KeyPrefix = prefix }));
        Assert.Equal("KeyPrefix", thrown.ParamName);
    }

    [Fact]
    public void A_prefix_of_null_is_refused_by_name() =>
        Assert.Equal("KeyPrefix", Assert.Throws<ArgumentNullException>(() => server.NewMutex(new MutexOptions { KeyPrefix = null! })).ParamName);
}

[Quick]
[Collection(OnGarnet.Name)]
public sealed class KeyPrefixOnGarnetTests(GarnetFixture server) : KeyPrefixTests(server);
