using DistributedMutex.Protocol;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using StackExchange.Redis;

namespace DistributedMutex.Tests.Faults;

/// <summary>What stays behind in Redis, or in a process that goes on.</summary>
public abstract class LitterTests(ServerFixture server)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Waiters_and_holders_whose_processes_are_killed_leave_nothing_for_ever()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        var (one, database) = (admin.GetServer(admin.GetEndPoints()[0]), admin.GetDatabase());
        using var folder = new TemporaryFolder();

        // Of two on each lock, one holds it and one waits.
        string[] resources = [.. Enumerable.Range(0, 10).SelectMany(number => new[] { $"x{number}", $"x{number}" })];
        using var killed = ChildProcess.StartTestProcess(folder.Path, ["contend", .. resources], ServerFixture.EnvironmentOf(another));
        foreach (var resource in resources.Distinct())
        {
            await killed.HearAsync($"got {resource}");
        }

        killed.Kill();
        await killed.ExitAsync();
        var count = 0;
        await foreach (var key in one.KeysAsync(pattern: "*"))
        {
            // It may have gone this moment.
            count++;
            Assert.True(await database.KeyTimeToLiveAsync(key) is not null || !await database.KeyExistsAsync(key), $"{key}");
        }

        Assert.InRange(count, 10, 30);
    }

    [Fact]
    public async Task A_queue_outlives_its_waiters_by_hours_at_most_and_every_question_renews_that()
    {
        var resource = server.NewResource();
        var queue = new LockKeys(resource).Queue;
        await using var holder = server.NewMutex();
        await using var first = server.NewMutex();
        await using var second = server.NewMutex();
        Assert.True(await holder.LockAsync(resource));
        var waiting = first.LockAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 1);
        var left = await holder.Database.KeyTimeToLiveAsync(queue);
        Assert.InRange(left!.Value, TimeSpan.FromMinutes(11), TimeSpan.FromHours(2));

        await holder.Database.KeyExpireAsync(queue, TimeSpan.FromMinutes(1));
        var alsoWaiting = second.LockAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 2);
        Assert.True(await holder.Database.KeyTimeToLiveAsync(queue) > TimeSpan.FromMinutes(11));
        foreach (var (mutex, locking) in new[] { (first, waiting), (second, alsoWaiting) })
        {
            Assert.True(await (mutex == first ? holder : first).UnlockAsync(resource));
            Assert.True(await locking.WaitAsync(Long));
        }

        Assert.True(await second.UnlockAsync(resource));
        Assert.False(await holder.Database.KeyExistsAsync(queue));
    }

    [Fact]
    public async Task A_name_that_was_locked_once_is_forgotten_within_minutes()
    {
        var resource = server.NewResource();
        var keys = new LockKeys(resource);
        await using var mutex = server.NewMutex();
        await (await mutex.AcquireAsync(resource)).DisposeAsync();
        Assert.False(await mutex.Database.KeyExistsAsync(keys.Lock));
        Assert.InRange((await mutex.Database.KeyTimeToLiveAsync(keys.Fence))!.Value, TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(15));

        var plain = server.NewResource();
        Assert.True(await mutex.LockAsync(plain));
        Assert.True(await mutex.UnlockAsync(plain));
        Assert.Equal(0, await mutex.Database.KeyExistsAsync(new LockKeys(plain).All));
    }

    [Fact]
    public async Task A_mutex_that_nobody_needs_any_more_is_not_kept_by_a_connection_that_lives_on()
    {
        using var connection = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { { server.Settings.Host, server.Settings.Port } } });
        var forgotten = await UseOneAsync();
        var started = TimeProvider.System.GetTimestamp();
        while (forgotten.TryGetTarget(out _))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(20));
            await Task.Delay(50);
            GC.Collect();
        }

        async Task<WeakReference<RedisMutex>> UseOneAsync()
        {
            var mutex = new RedisMutex(connection, new MutexOptions { Lease = TimeSpan.FromSeconds(1) });
            await using var other = server.NewMutex();
            string[] resources = [server.NewResource(), server.NewResource(), server.NewResource()];
            foreach (var resource in resources)
            {
                // It waits for each of them once, in Redis.
                Assert.True(await other.LockAsync(resource));
                var waiting = mutex.LockAsync(resource, Long);
                await ServerFixture.UntilQueuedAsync(other.Database, resource, 1);
                Assert.True(await other.UnlockAsync(resource));
                Assert.True(await waiting);
            }

            // One is unlocked, one expires, and the mutex is disposed of while it holds the last.
            Assert.True(await mutex.UnlockAsync(resources[0]));
            Assert.True(await other.LockAsync(resources[1], Long));
            await mutex.DisposeAsync();
            return new WeakReference<RedisMutex>(mutex);
        }
    }
}

public sealed class LitterOnRedisTests(OwnRedisFixture server) : LitterTests(server), IClassFixture<OwnRedisFixture>;

public sealed class LitterOnGarnetTests(GarnetFixture server) : LitterTests(server), IClassFixture<GarnetFixture>;
