using DistributedMutex.Protocol;
using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests.Faults;

/// <summary>A lock that one caller of an instance hands to the next: each has a lease of its own, no less and no more.</summary>
public abstract class HandedOnTests(ServerFixture server)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(5)]
    [InlineData(30)]
    public async Task A_claim_that_is_lost_leaves_a_whole_lease_to_the_caller_that_was_handed_the_grant(int lease)
    {
        using var proxy = new TcpProxy(server.Settings);
        await using var holder = server.NewMutex();
        await using var mutex = new RedisMutex(proxy.Settings, new MutexOptions { Lease = TimeSpan.FromSeconds(lease), Renew = false });
        for (var round = 0; round < 2; round++)
        {
            // The first round lets the server know all scripts, so that the second sends their names.
            var resource = server.NewResource();
            var held = await holder.AcquireAsync(resource);
            var (first, second) = (mutex.AcquireAsync(resource, Long), mutex.AcquireAsync(resource, Long));
            await ServerFixture.UntilQueuedAsync(holder.Database, resource, 1);
            if (round == 1)
            {
                proxy.CutBefore("\r\nclaim\r\n");
            }

            await held.DisposeAsync();
            await (await first.WaitAsync(TimeSpan.FromSeconds(10))).DisposeAsync();
            await using var next = await second.WaitAsync(TimeSpan.FromSeconds(10));
            if (round == 1)
            {
                // The grant alone would have ended.
                await Task.Delay(TimeSpan.FromSeconds(3.5));
                Assert.False(proxy.WillCut);
                Assert.True(next.IsHeld);
                Assert.False(next.Lost.IsCancellationRequested);
                Assert.Equal(next.Token, (string?)await holder.Database.StringGetAsync("lock:" + resource));
            }
        }
    }

    [Fact]
    public async Task A_caller_does_not_inherit_the_extension_of_the_one_before()
    {
        var resource = server.NewResource();
        await using var mutex = server.NewMutex(new MutexOptions { Lease = TimeSpan.FromSeconds(2) });
        await using var other = server.NewMutex();
        var held = await mutex.AcquireAsync(resource);
        var locking = mutex.LockAsync(resource, Long);
        Assert.True(await held.ExtendAsync(TimeSpan.FromHours(1)));
        await held.DisposeAsync();
        Assert.True(await locking.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.InRange(await other.Database.KeyTimeToLiveAsync("lock:" + resource) ?? TimeSpan.Zero, TimeSpan.FromMilliseconds(1), Line.Grant);

        // Nobody unlocks: its lease ends by itself.
        await using var next = await other.AcquireAsync(resource, TimeSpan.FromSeconds(6));
        Assert.False(await mutex.UnlockAsync(resource));
        Assert.True(next.IsHeld);
    }

    [Fact]
    public async Task An_extension_under_way_while_its_scope_is_disposed_is_not_inherited_either()
    {
        await using var mutex = server.NewMutex(new MutexOptions { Lease = TimeSpan.FromSeconds(2) });
        for (var round = 0; round < 20; round++)
        {
            var resource = server.NewResource();
            var held = await mutex.AcquireAsync(resource);
            var locking = mutex.LockAsync(resource, Long);
            var extending = held.ExtendAsync(TimeSpan.FromHours(1));
            await held.DisposeAsync();
            await extending;
            Assert.True(await locking.WaitAsync(TimeSpan.FromSeconds(5)));
            Assert.True(await mutex.Database.KeyTimeToLiveAsync("lock:" + resource) < TimeSpan.FromSeconds(2.5));
        }
    }
}

public sealed class HandedOnOnRedisTests(OwnRedisFixture server) : HandedOnTests(server), IClassFixture<OwnRedisFixture>;

public sealed class HandedOnOnGarnetTests(GarnetFixture server) : HandedOnTests(server), IClassFixture<GarnetFixture>;
