using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests.Faults;

/// <summary>A process that is stopped while it waits, is granted the lock meanwhile, and goes on when that is long over.</summary>
public abstract class StaleGrantTests(ServerFixture server)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(3.1)]
    [InlineData(4.5)]
    public async Task A_waiter_that_was_stopped_never_returns_a_lock_that_another_holds_or_that_it_has_lost(double stoppedFor)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are Unix'");
        var resources = Enumerable.Range(0, 8).Select(_ => server.NewResource()).ToList();
        await using var holder = server.NewMutex(new MutexOptions { Lease = TimeSpan.FromSeconds(2) });
        await using var next = server.NewMutex(new MutexOptions { Lease = TimeSpan.FromSeconds(2) });
        var held = await Task.WhenAll(resources.Select(resource => holder.AcquireAsync(resource, Long)));
        using var folder = new TemporaryFolder();
        using var waiters = ChildProcess.StartTestProcess(folder.Path, ["contend", .. resources], server.Environment);
        await Task.WhenAll(resources.Select(resource => ServerFixture.UntilQueuedAsync(holder.Database, resource, 1, waiters)));

        // The grants of 3 s reach a process that sleeps, and end there; its waiters meant to ask again when a lease had passed.
        await waiters.StopAsync();
        var stopped = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(held.Select(scope => scope.DisposeAsync().AsTask()));
        var theirs = await Task.WhenAll(resources.Select(resource => next.AcquireAsync(resource, Long)));
        var left = TimeSpan.FromSeconds(stoppedFor) - TimeProvider.System.GetElapsedTime(stopped);
        await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        await waiters.ContinueAsync();

        // They are back where they were, and say nothing until it is their turn.
        await Task.WhenAll(resources.Select(resource => ServerFixture.UntilQueuedAsync(holder.Database, resource, 1, waiters)));
        Assert.DoesNotContain("got", waiters.Said, StringComparison.Ordinal);
        Assert.All(theirs, scope => Assert.True(scope.IsHeld));
        await Task.WhenAll(theirs.Select(scope => scope.DisposeAsync().AsTask()));
        await Task.WhenAll(resources.Select(resource => waiters.HearAsync($"got {resource}")));
        Assert.DoesNotContain("got,", waiters.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_waiter_that_was_stopped_for_a_moment_takes_its_grant()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are Unix'");
        var resources = Enumerable.Range(0, 8).Select(_ => server.NewResource()).ToList();
        await using var holder = server.NewMutex();
        var held = await Task.WhenAll(resources.Select(resource => holder.AcquireAsync(resource, Long)));
        using var folder = new TemporaryFolder();
        using var waiters = ChildProcess.StartTestProcess(folder.Path, ["contend", .. resources], server.Environment);
        await Task.WhenAll(resources.Select(resource => ServerFixture.UntilQueuedAsync(holder.Database, resource, 1, waiters)));

        await waiters.StopAsync();
        await Task.WhenAll(held.Select(scope => scope.DisposeAsync().AsTask()));
        await Task.Delay(TimeSpan.FromMilliseconds(1600));
        await waiters.ContinueAsync();
        await Task.WhenAll(resources.Select(resource => waiters.HearAsync($"got {resource}"))).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.DoesNotContain("got,", waiters.Said, StringComparison.Ordinal);
    }
}

public sealed class StaleGrantOnRedisTests(OwnRedisFixture server) : StaleGrantTests(server), IClassFixture<OwnRedisFixture>;

public sealed class StaleGrantOnGarnetTests(GarnetFixture server) : StaleGrantTests(server), IClassFixture<GarnetFixture>;
