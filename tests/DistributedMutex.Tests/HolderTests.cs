using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests;

public abstract class HolderTests(ServerFixture server)
{
    [Fact]
    public async Task Killing_the_holder_frees_the_lock_after_its_lease_and_not_before()
    {
        var lease = TimeSpan.FromSeconds(3);
        var resource = server.NewResource();
        using var other = server.NewMutex();
        using var folder = new TemporaryFolder();
        using var holder = ChildProcess.StartTestProcess(
            folder.Path, ["hold", resource, $"{lease.TotalMilliseconds}"], server.Environment);
        await holder.HearAsync("holding");
        Assert.Null(await other.TryAcquireAsync(resource, lease * 1.5));

        holder.Kill();
        await holder.ExitAsync();
        Assert.Null(await other.TryAcquireAsync(resource, TimeSpan.Zero));
        await using var successor = await other.AcquireAsync(resource, lease * 3);
        Assert.True(successor.IsHeld);
    }

    [Fact]
    public async Task Whoever_is_handed_the_lock_has_it_for_its_own_lease_even_one_shorter_than_the_grant()
    {
        var (resource, lease) = (server.NewResource(), TimeSpan.FromSeconds(0.5));
        await using var holder = server.NewMutex();
        await using var next = server.NewMutex(new MutexOptions { Lease = lease });
        var held = await holder.AcquireAsync(resource);

        // So that the server knows the script, and the claim is not sent twice.
        Assert.True(await held.ExtendAsync());
        var waiting = next.LockAsync(resource, Timeout.InfiniteTimeSpan);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 1);
        await held.ReleaseAsync();
        Assert.True(await waiting);

        // The claim went this way before it; nothing is left of a lease that is over.
        Assert.InRange(await next.Database.KeyTimeToLiveAsync($"lock:{resource}") ?? TimeSpan.Zero, TimeSpan.Zero, lease);
    }
}

[Collection(OnRedis.Name)]
public sealed class HolderOnRedisTests(RedisFixture server) : HolderTests(server);

[Collection(OnGarnet.Name)]
public sealed class HolderOnGarnetTests(GarnetFixture server) : HolderTests(server);
