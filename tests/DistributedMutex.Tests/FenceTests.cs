using DistributedMutex.Protocol;
using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests;

public abstract class FenceTests(ServerFixture server)
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task Fences_rise_across_release_expiry_and_FLUSHALL()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        using var mutex = new RedisMutex(admin);
        using var expiring = new RedisMutex(admin, new MutexOptions { Lease = Short, Renew = false });
        var fences = new List<long>();

        await HoldAsync(mutex);
        await HoldAsync(mutex);
        var expired = await expiring.AcquireAsync("x");
        fences.Add(expired.Fence);
        await HoldAsync(mutex);
        await admin.GetDatabase().ExecuteAsync("FLUSHALL");
        await HoldAsync(mutex);

        Assert.Equal(fences.Order().Distinct(), fences);

        async Task HoldAsync(RedisMutex by)
        {
            await using var held = await by.AcquireAsync("x", TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(20));
            fences.Add(held.Fence);
        }
    }

    [Fact]
    public async Task Fences_rise_from_one_server_to_its_empty_replacement()
    {
        long before;
        using (var first = await server.StartAnotherAsync())
        {
            using var mutex = new RedisMutex(ServerFixture.SettingsOf(first));
            before = (await mutex.AcquireAsync("x")).Fence;
            first.Dispose();
        }

        using var second = await server.StartAnotherAsync();
        using var later = new RedisMutex(ServerFixture.SettingsOf(second));
        await using var held = await later.AcquireAsync("x");
        Assert.True(held.Fence > before);
    }

    [Fact]
    public async Task A_replica_that_takes_over_with_an_older_last_fence_mints_a_greater_one_all_the_same()
    {
        using var client = server.NewForeignClient();
        await using var mutex = server.NewMutex();
        var resource = server.NewResource();
        var keys = new LockKeys(resource);
        await using (await mutex.AcquireAsync(resource))
        {
        }

        var replicated = await client.Database.StringGetAsync(keys.Fence);
        long unseen;
        await using (var held = await mutex.AcquireAsync(resource))
        {
            unseen = held.Fence;
        }

        await client.Database.StringSetAsync(keys.Fence, replicated);
        await using var later = await mutex.AcquireAsync(resource);
        Assert.True(later.Fence > unseen);
    }

    [Fact]
    public async Task Asking_again_with_the_token_that_holds_is_told_so_and_gets_a_whole_lease_and_a_greater_fence()
    {
        using var client = server.NewForeignClient();
        var protocol = new LockProtocol(client.Database, LockScripts.Mutex);
        var keys = new LockKeys(server.NewResource());

        var first = await AskAsync("token", 10);
        var again = await AskAsync("token", 20);
        var other = await AskAsync("another", 20);

        Assert.True(again.FirstFence > first.FirstFence);
        Assert.Null(other.FirstFence);
        Assert.Equal("token", other.Holder);
        Assert.InRange(client.Database.KeyTimeToLive(keys.Lock)!.Value.TotalSeconds, 15, 20);
        Assert.Equal(1, (int)await protocol.ReleaseAsync(keys, "token"));

        async Task<AcquireReply> AskAsync(string token, int seconds) =>
            AcquireReply.From(await protocol.AcquireAsync(keys, token, TimeSpan.FromSeconds(seconds), fences: 1, join: false));
    }

    [Fact]
    public void The_last_fence_is_no_litter_for_ever()
    {
        using var client = server.NewForeignClient();
        using var mutex = server.NewMutex();
        var resource = server.NewResource();
        var keys = new LockKeys(resource);
        using (mutex.Acquire(resource))
        {
        }

        Assert.InRange(client.Database.KeyTimeToLive(keys.Fence)!.Value.TotalMinutes, 1, 10);
    }
}

[Collection(OnRedis.Name)]
public sealed class FenceOnRedisTests(RedisFixture server) : FenceTests(server);

[Collection(OnGarnet.Name)]
public sealed class FenceOnGarnetTests(GarnetFixture server) : FenceTests(server);
