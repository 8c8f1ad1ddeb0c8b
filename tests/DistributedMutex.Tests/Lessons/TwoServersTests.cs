using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Lessons;

/// <summary>What lesson 7 says of a failover, on redis-server where there is one, otherwise on Garnet.</summary>
[Collection(Alone.Name)]
public sealed class TwoServersTests
{
    [Fact]
    public async Task A_server_that_takes_over_has_not_heard_of_the_lock_so_that_two_hold_it_but_the_later_fence_is_greater()
    {
        using var servers = await TwoServers.StartAsync();
        await using var before = new RedisMutex(servers.First);
        long copied;
        await using (var earlier = await before.AcquireAsync("report"))
        {
            copied = earlier.Fence;
        }

        await servers.BreakLinkAsync();
        await using var first = await before.AcquireAsync("report");
        await servers.FailOverAsync();
        await using var after = new RedisMutex(servers.Second);
        await using var second = await after.AcquireAsync("report", TimeSpan.Zero);

        Assert.True(first.IsHeld);
        Assert.True(second.IsHeld);
        Assert.True(copied < first.Fence);
        Assert.True(first.Fence < second.Fence);
    }
}
