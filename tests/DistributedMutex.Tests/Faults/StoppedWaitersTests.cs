using DistributedMutex.Protocol;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests.Faults;

/// <summary>Waiters that are stopped cost those behind them one grant each, 3 s, however long the lease is.</summary>
public abstract class StoppedWaitersTests(ServerFixture server)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Three_stopped_waiters_ahead_cost_the_next_one_grant_each()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are Unix'");
        await using var holder = server.NewMutex();
        await using var next = server.NewMutex();
        var resource = server.NewResource();
        using var folder = new TemporaryFolder();
        await using var held = await holder.AcquireAsync(resource);
        using var stopped = ChildProcess.StartTestProcess(folder.Path, ["contend", resource, resource, resource], server.Environment);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 3, stopped);
        var waiting = next.AcquireAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 4, stopped);

        await stopped.StopAsync();
        await held.DisposeAsync();
        await using (await waiting.WaitAsync((3 * Line.Grant) + TimeSpan.FromSeconds(4)))
        {
            await stopped.ContinueAsync();
            await ServerFixture.UntilQueuedAsync(holder.Database, resource, 3, stopped);
        }

        await stopped.HearAsync($"got {resource}");
        Assert.DoesNotContain("got,", stopped.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_holder_whose_process_ends_they_cost_a_lease_and_one_grant_each_at_most()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are Unix'");

        // Nobody is left then who sees to the grant but those who wait, and who ask when the holder's lease would have ended.
        var lease = TimeSpan.FromSeconds(3);
        var holder = server.NewMutex(new MutexOptions { Lease = lease });
        await using var next = server.NewMutex();
        var resource = server.NewResource();
        using var folder = new TemporaryFolder();
        await holder.AcquireAsync(resource);
        using var stopped = ChildProcess.StartTestProcess(folder.Path, ["contend", resource, resource], server.Environment);
        await ServerFixture.UntilQueuedAsync(next.Database, resource, 2, stopped);
        var waiting = next.AcquireAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(next.Database, resource, 3, stopped);

        await stopped.StopAsync();
        await holder.DisposeAsync();
        await using var got = await waiting.WaitAsync(lease + (2 * Line.Grant) + TimeSpan.FromSeconds(4));
    }
}

public sealed class StoppedWaitersOnRedisTests(OwnRedisFixture server) : StoppedWaitersTests(server), IClassFixture<OwnRedisFixture>;

public sealed class StoppedWaitersOnGarnetTests(GarnetFixture server) : StoppedWaitersTests(server), IClassFixture<GarnetFixture>;
