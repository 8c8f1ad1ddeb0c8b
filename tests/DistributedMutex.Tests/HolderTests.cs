using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests;

public abstract class HolderTests(ServerFixture server)
{
    [SkippableFact]
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
}

[Collection(OnRedis.Name)]
public sealed class HolderOnRedisTests(RedisFixture server) : HolderTests(server);

[Collection(OnGarnet.Name)]
public sealed class HolderOnGarnetTests(GarnetFixture server) : HolderTests(server);
