using DistributedMutex.Protocol;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests;

/// <summary>Many callers of one instance.</summary>
public abstract class InsideTests(ServerFixture server)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [SkippableFact]
    public async Task Inside_one_instance_the_lock_is_handed_over_without_Redis_and_others_get_their_turn()
    {
        const int workers = 10, rounds = 100;
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        using var mutex = new RedisMutex(ServerFixture.SettingsOf(another));
        using var other = new RedisMutex(ServerFixture.SettingsOf(another));
        var (handOvers, order, fences) = (0, new List<int>(), new List<long>());
        var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var working = Enumerable.Range(0, workers).Select(async number =>
        {
            await start.Task;
            for (var i = 0; i < rounds; i++)
            {
                await using var held = await mutex.AcquireAsync("x", Long);
                order.Add(number);
                fences.Add(held.Fence);
                Interlocked.Increment(ref handOvers);
            }
        }).ToList();
        var watching = Task.Run(async () =>
        {
            await start.Task;
            var overtaken = new List<int>();
            while (Volatile.Read(ref handOvers) < workers * rounds - 300)
            {
                var before = Volatile.Read(ref handOvers);
                await using var held = await other.AcquireAsync("x", Long);
                overtaken.Add(Volatile.Read(ref handOvers) - before);
            }

            return overtaken;
        });
        start.SetResult();
        await Task.WhenAll(working);
        var overtakenBy = await watching;

        Assert.Equal(workers * rounds, order.Count);
        Assert.Equal(fences.Order().Distinct(), fences);
        Assert.NotEmpty(overtakenBy);

        // A turn is a hundred fences; one may have just begun when the other instance joins, before that its own request is on its way.
        Assert.All(overtakenBy, count => Assert.InRange(count, 0, 3 * Room.Fences));
    }

    [SkippableFact]
    public async Task A_hundred_tasks_of_one_instance_need_few_commands()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        using var mutex = new RedisMutex(ServerFixture.SettingsOf(another));
        var before = await ServerFixture.CountCommandsAsync(admin);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(async _ =>
        {
            for (var i = 0; i < 10; i++)
            {
                await using var held = await mutex.AcquireAsync("x", Long);
            }
        }));
        Assert.InRange(await ServerFixture.CountCommandsAsync(admin) - before, 1, 300);
    }

    [SkippableFact]
    public async Task Hundreds_of_threads_and_tasks_get_through_a_small_thread_pool()
    {
        using var folder = new TemporaryFolder();
        using var crowd = ChildProcess.StartTestProcess(
            folder.Path, ["crowd", server.NewResource()], server.Environment);
        Assert.True(await crowd.ExitAsync() == 0, crowd.Said);
    }
}

[Collection(OnRedis.Name)]
public sealed class InsideOnRedisTests(RedisFixture server) : InsideTests(server);

[Collection(OnGarnet.Name)]
public sealed class InsideOnGarnetTests(GarnetFixture server) : InsideTests(server);
