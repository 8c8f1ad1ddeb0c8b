using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests.Faults;

/// <summary>The connection that brings the messages breaks, and is back before anybody has noticed.</summary>
public sealed class RestoredTests(OwnRedisFixture server) : IClassFixture<OwnRedisFixture>
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Subscriptions_that_break_at_the_moment_of_a_release_cost_a_waiter_no_lease(bool breakFirst)
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await using var holder = new RedisMutex(ServerFixture.SettingsOf(another));
        await using var waiter = new RedisMutex(ServerFixture.SettingsOf(another));
        for (var round = 0; round < 20; round++)
        {
            await using var held = await holder.AcquireAsync("x", Long);
            var waiting = waiter.AcquireAsync("x", Long);
            await ServerFixture.UntilQueuedAsync(admin.GetDatabase(), "x", 1);

            var killing = breakFirst ? KillAsync() : Task.CompletedTask;
            var releasing = held.DisposeAsync();
            await (breakFirst ? killing : KillAsync());
            await releasing;
            await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(10));
        }

        Task KillAsync() => admin.GetServer(admin.GetEndPoints()[0]).ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub");
    }
}
