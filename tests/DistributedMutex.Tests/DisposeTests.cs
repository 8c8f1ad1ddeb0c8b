using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests;

public abstract class DisposeTests(ServerFixture server)
{
    [Fact]
    public async Task Disposing_ends_waiters_releases_what_is_held_and_keeps_a_shared_connection()
    {
        var (held, scoped, waitedFor) = (server.NewResource(), server.NewResource(), server.NewResource());
        using var shared = server.NewForeignClient();
        using var other = server.NewMutex();
        Assert.True(await other.LockAsync(waitedFor));

        var mutex = new RedisMutex(shared.Connection);
        Assert.True(await mutex.LockAsync(held));
        var scope = await mutex.AcquireAsync(scoped);
        var waiting = mutex.LockAsync(waitedFor, Timeout.InfiniteTimeSpan);
        var blocked = Task.Factory.StartNew(
            () => mutex.Lock(waitedFor, Timeout.InfiniteTimeSpan), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        mutex.Dispose();
        await mutex.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => blocked);
        Assert.Throws<ObjectDisposedException>(() => mutex.Lock(held));
        Assert.Throws<ObjectDisposedException>(() => mutex.Unlock(held));
        Assert.False(scope.IsHeld);
        Assert.True(await other.LockAsync(held, TimeSpan.Zero));
        Assert.True(await other.LockAsync(scoped, TimeSpan.Zero));
        Assert.True(shared.Database.Ping() >= TimeSpan.Zero);
    }

    [Fact]
    public async Task Disposing_twice_at_the_same_time_releases_everything()
    {
        await using var other = server.NewMutex();
        for (var i = 0; i < 10; i++)
        {
            var mutex = server.NewMutex();
            var resources = Enumerable.Range(0, 5).Select(_ => server.NewResource()).ToList();
            await Task.WhenAll(resources.Select(resource => mutex.LockAsync(resource)));
            await Task.WhenAll(Task.Run(mutex.Dispose), Task.Run(mutex.Dispose), Task.Run(async () => await mutex.DisposeAsync()));
            foreach (var resource in resources)
            {
                Assert.True(await other.LockAsync(resource, TimeSpan.Zero));
            }
        }
    }
}

[Collection(OnRedis.Name)]
public sealed class DisposeOnRedisTests(RedisFixture server) : DisposeTests(server);

[Quick]
[Collection(OnGarnet.Name)]
public sealed class DisposeOnGarnetTests(GarnetFixture server) : DisposeTests(server);
