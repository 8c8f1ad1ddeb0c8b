using DistributedMutex.Protocol;
using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests.Family;

public abstract class SemaphoreTests(ServerFixture server)
{
    private const string Prefix = "semaphore:";

    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task So_many_hold_a_permit_and_the_next_waits_until_one_is_released()
    {
        var resource = server.NewResource();
        await using var one = server.NewSemaphore(resource, 2);
        await using var other = server.NewSemaphore(resource, 2);
        Assert.Equal(2, one.Permits);
        var first = one.Acquire();
        await using var second = await other.AcquireAsync(TimeSpan.Zero);
        Assert.Equal(resource, first.Resource);
        Assert.Null(await one.TryAcquireAsync(TimeSpan.Zero));
        var thrown = Assert.Throws<LockAcquisitionException>(() => other.Acquire(Short));
        Assert.Contains("held by 2 others, one of them " + Environment.MachineName, thrown.Message, StringComparison.Ordinal);

        var waiting = one.AcquireAsync(Long);
        await ServerFixture.UntilQueuedAsync(one.Database, new LockKeys(resource, Prefix), 1);
        first.Dispose();
        await using var third = await waiting.WaitAsync(Long / 6);
        Assert.True(second.IsHeld && third.IsHeld);
        Assert.False(await first.ReleaseAsync());
    }

    [Fact]
    public async Task Permits_that_come_free_at_once_are_handed_to_as_many_waiters_in_the_order_they_came()
    {
        var resource = server.NewResource();
        var holder = server.NewSemaphore(resource, 3);
        await using var waiter = server.NewSemaphore(resource, 3);
        for (var i = 0; i < 3; i++)
        {
            await holder.AcquireAsync();
        }

        var waiting = new List<Task<MutexLock>>();
        for (var i = 1; i <= 5; i++)
        {
            waiting.Add(waiter.AcquireAsync(Long));
            await ServerFixture.UntilQueuedAsync(waiter.Database, new LockKeys(resource, Prefix), i);
        }

        // An operator frees all of them; the next release of anything, or question, hands them out.
        await waiter.Database.KeyDeleteAsync(Prefix + resource);
        await holder.DisposeAsync();
        var got = await Task.WhenAll(waiting.Take(3)).WaitAsync(Long / 6);
        Assert.False(waiting[3].IsCompleted || waiting[4].IsCompleted);
        await Task.WhenAll(got.Select(permit => permit.DisposeAsync().AsTask()));
        await Task.WhenAll(waiting).WaitAsync(Long / 6);
    }

    [Fact]
    public async Task A_permit_whose_holder_is_gone_comes_free_with_its_lease_and_the_others_stay()
    {
        var resource = server.NewResource();
        await using var living = server.NewSemaphore(resource, 2);
        await using var dying = server.NewSemaphore(resource, 2, new MutexOptions { Lease = TimeSpan.FromSeconds(2), Renew = false });
        await using var stays = await living.AcquireAsync();
        var ends = await dying.AcquireAsync();
        await using var next = await living.AcquireAsync(Long).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(ends.IsHeld);
        Assert.True(stays.IsHeld);
        Assert.Null(await dying.TryAcquireAsync(TimeSpan.Zero));
    }

    [Fact]
    public async Task Who_believes_in_another_number_is_refused_with_both_until_nobody_holds_or_waits()
    {
        var resource = server.NewResource();
        await using var four = server.NewSemaphore(resource, 4);
        await using var three = server.NewSemaphore(resource, 3);
        await using (await four.AcquireAsync())
        {
            var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => three.AcquireAsync(Long)).WaitAsync(Long / 6);
            Assert.Contains($"'{resource}' has 4 permits for those who hold or wait now, and 3 for this program", thrown.Message, StringComparison.Ordinal);
            Assert.Throws<InvalidOperationException>(() => three.Acquire());
            await Assert.ThrowsAsync<InvalidOperationException>(() => three.TryAcquireAsync(TimeSpan.Zero));
            Assert.Equal(0, await four.Database.SortedSetLengthAsync(new LockKeys(resource, Prefix).Queue));
        }

        await using var permit = await three.AcquireAsync(TimeSpan.Zero);
        await Assert.ThrowsAsync<InvalidOperationException>(() => four.AcquireAsync());
    }

    [Fact]
    public async Task A_permit_has_no_fence_and_says_why()
    {
        await using var semaphore = server.NewSemaphore(server.NewResource(), 1);
        await using var permit = await semaphore.AcquireAsync();
        Assert.Contains("several are held at once", Assert.Throws<InvalidOperationException>(() => permit.Fence).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Permits_renew_themselves_and_MaxHold_ends_them()
    {
        var resource = server.NewResource();
        var lease = TimeSpan.FromSeconds(1.5);
        await using var semaphore = server.NewSemaphore(resource, 1, new MutexOptions { Lease = lease, MaxHold = 2 * lease });
        await using var other = server.NewSemaphore(resource, 1);
        await using var permit = await semaphore.AcquireAsync();
        Assert.Null(await other.TryAcquireAsync(1.4 * lease));
        Assert.True(permit.IsHeld);
        await using var next = await other.AcquireAsync(Long).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(permit.IsHeld);
        Assert.True(permit.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task Never_more_than_so_many()
    {
        var resource = server.NewResource();
        var semaphores = Enumerable.Range(0, 3).Select(_ => server.NewSemaphore(resource, 4)).ToList();
        var (inside, most, taken) = (0, 0, 0);
        await Task.WhenAll(Enumerable.Range(0, 15).Select(number => Task.Run(async () =>
        {
            for (var i = 0; i < 15; i++)
            {
                using var permit = number % 5 == 0 ? semaphores[number % 3].Acquire(Long) : await semaphores[number % 3].AcquireAsync(Long);
                var now = Interlocked.Increment(ref inside);
                Assert.InRange(now, 1, 4);
                most = Math.Max(most, now);
                await Task.Delay(1);
                Interlocked.Decrement(ref inside);
                Interlocked.Increment(ref taken);
            }
        })));
        Assert.Equal((225, 4), (taken, most));
        semaphores.ForEach(semaphore => semaphore.Dispose());
    }

    [Fact]
    public void Arguments_out_of_range_are_named_before_anything_is_connected()
    {
        var nowhere = new RedisSettings { Host = "127.0.0.1", Port = 1 };
        Assert.Equal("permits", Assert.Throws<ArgumentOutOfRangeException>(() => new RedisSemaphore("x", 0, nowhere)).ParamName);
        Assert.Equal("resource", Assert.Throws<ArgumentException>(() => new RedisSemaphore(" ", 1, nowhere)).ParamName);
        Assert.Equal("Lease", Assert.Throws<ArgumentOutOfRangeException>(() => new RedisSemaphore("x", 1, nowhere, new MutexOptions { Lease = TimeSpan.Zero })).ParamName);
        using var semaphore = server.NewSemaphore(server.NewResource(), 1);
        Assert.Equal("wait", Assert.Throws<ArgumentOutOfRangeException>(() => semaphore.Acquire(TimeSpan.FromSeconds(-2))).ParamName);
    }
}

[Collection(OnRedis.Name)]
public sealed class SemaphoreOnRedisTests(RedisFixture server) : SemaphoreTests(server);

[Quick]
[Collection(OnGarnet.Name)]
public sealed class SemaphoreOnGarnetTests(GarnetFixture server) : SemaphoreTests(server);
