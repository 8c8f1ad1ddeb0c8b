using DistributedMutex.Protocol;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using Microsoft.Extensions.Time.Testing;

namespace DistributedMutex.Tests;

/// <summary>Many callers of one instance.</summary>
public abstract class InsideTests(ServerFixture server)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Inside_one_instance_each_holder_has_a_greater_fence_and_nobody_is_left_out()
    {
        const int workers = 10, rounds = 100;
        using var mutex = server.NewMutex();
        using var other = server.NewMutex();
        var (resource, order, fences) = (server.NewResource(), new List<int>(), new List<long>());
        await Task.WhenAll(Enumerable.Range(0, workers).Select(async number =>
        {
            for (var i = 0; i < rounds; i++)
            {
                await using var held = await (number == 0 ? other : mutex).AcquireAsync(resource, Long);
                order.Add(number);
                fences.Add(held.Fence);
            }
        }));

        Assert.All(order.CountBy(number => number), turns => Assert.Equal(rounds, turns.Value));
        Assert.Equal(fences.Order().Distinct(), fences);
    }

    [Theory]
    [InlineData(0, Line.Block)]
    [InlineData(20, 1)]
    public async Task Who_waits_in_Redis_has_its_turn_after_a_hundred_holders_inside_or_20_ms(int elapsed, int holders)
    {
        var clock = new FakeTimeProvider();
        using var mutex = server.NewMutex(new MutexOptions { TimeProvider = clock });
        using var other = server.NewMutex();
        var (resource, order) = (server.NewResource(), new List<string>());
        var (held, goOn) = (NewSignal(), NewSignal());

        // A turn that began with a grant, and far more callers than it may serve.
        var before = await other.AcquireAsync(resource, Long);
        var inside = Enumerable.Range(0, 3 * Line.Block).Select(async _ =>
        {
            await using var mine = await mutex.AcquireAsync(resource, Long);
            order.Add("inside");
            held.TrySetResult();
            await goOn.Task;
        }).ToList();
        await ServerFixture.UntilQueuedAsync(other.Database, resource, 1);
        await before.ReleaseAsync();
        await held.Task.WaitAsync(Long);

        var outside = Task.Run(async () =>
        {
            await using var mine = await other.AcquireAsync(resource, Long);
            order.Add("outside");
        });
        await ServerFixture.UntilQueuedAsync(other.Database, resource, 1);
        clock.Advance(TimeSpan.FromMilliseconds(elapsed));
        goOn.SetResult();
        await Task.WhenAll([.. inside, outside]).WaitAsync(Long);

        Assert.Equal(holders, order.IndexOf("outside"));
    }

    [Fact]
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

    [Fact]
    public async Task Hundreds_of_threads_and_tasks_get_through_a_small_thread_pool()
    {
        using var folder = new TemporaryFolder();
        using var crowd = ChildProcess.StartTestProcess(
            folder.Path, ["crowd", server.NewResource()], server.Environment);
        Assert.True(await crowd.ExitAsync() == 0, crowd.Said);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

[Collection(OnRedis.Name)]
public sealed class InsideOnRedisTests(RedisFixture server) : InsideTests(server);

[Collection(OnGarnet.Name)]
public sealed class InsideOnGarnetTests(GarnetFixture server) : InsideTests(server);
