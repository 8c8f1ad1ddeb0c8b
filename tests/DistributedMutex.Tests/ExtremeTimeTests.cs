using DistributedMutex.Protocol;
using DistributedMutex.Tests.Servers;
using StackExchange.Redis;

namespace DistributedMutex.Tests;

/// <summary>Times that nobody means and somebody writes: they are as long as can be, and never an overflow.</summary>
public abstract class ExtremeTimeTests(ServerFixture server)
{
    private protected ServerFixture Server => server;

    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongAfter = TimeSpan.FromDays(10_000);

    public static TheoryData<TimeSpan> LongTimes => [TimeSpan.MaxValue, TimeSpan.MaxValue - TimeSpan.FromTicks(1), TimeSpan.FromDays(3_000_000)];

    [Theory]
    [MemberData(nameof(LongTimes))]
    public async Task A_lease_without_an_end_is_held_waited_for_and_handed_over(TimeSpan lease)
    {
        var resource = server.NewResource();
        await using var mutex = server.NewMutex(new MutexOptions { Lease = lease });
        await using var other = server.NewMutex(new MutexOptions { Lease = lease });
        Assert.True(await mutex.LockAsync(resource));
        Assert.False(await mutex.LockAsync(resource, Soon));
        Assert.False(await other.LockAsync(resource, Soon));
        var waiting = other.AcquireAsync(resource, TimeSpan.FromSeconds(20));
        var alsoWaiting = other.AcquireAsync(resource, TimeSpan.FromSeconds(20));
        await ServerFixture.UntilQueuedAsync(other.Database, resource, 1);
        Assert.True(await mutex.UnlockAsync(resource));
        await using (var held = await waiting)
        {
            Assert.True(await held.ExtendAsync());
            Assert.True(held.Remaining > LongAfter);
            Assert.True(await TimeToLiveAsync(mutex, resource) > LongAfter);
        }

        await using var next = await alsoWaiting;
        Assert.True(next.IsHeld);
    }

    [Theory]
    [MemberData(nameof(LongTimes))]
    public async Task An_extension_without_an_end_keeps_the_lock_until_it_is_released(TimeSpan lease)
    {
        var resource = server.NewResource();
        await using var mutex = server.NewMutex();
        await using var other = server.NewMutex();
        await using var held = await mutex.AcquireAsync(resource);
        Assert.True(await held.ExtendAsync(lease));
        Assert.True(held.Remaining > LongAfter);
        Assert.True(await TimeToLiveAsync(mutex, resource) > LongAfter);
        Assert.True(await held.ExtendAsync(TimeSpan.FromTicks(1)));
        Assert.True(held.Remaining > LongAfter);
        Assert.False(await other.LockAsync(resource, Soon));
        Assert.True(await held.ReleaseAsync());
        Assert.True(await other.LockAsync(resource, TimeSpan.Zero));
    }

    [Fact]
    public async Task No_hold_is_longer_than_MaxHold_however_long_the_lease()
    {
        var resource = server.NewResource();
        await using var mutex = server.NewMutex(new MutexOptions { MaxHold = TimeSpan.FromMinutes(2) });
        await using var held = await mutex.AcquireAsync(resource);
        Assert.True(await held.ExtendAsync(TimeSpan.MaxValue));
        Assert.InRange(held.Remaining.TotalMinutes, 1, 2);
        Assert.InRange((await TimeToLiveAsync(mutex, resource)).TotalMinutes, 1, 2);
    }

    [Theory]
    [MemberData(nameof(LongTimes))]
    public async Task A_wait_a_retry_and_a_longest_hold_without_an_end_are_no_overflow(TimeSpan time)
    {
        var resource = server.NewResource();
        var options = new MutexOptions { Wait = time, Retry = time, MaxHold = time, RetryStrategy = RetryStrategy.Exponential(time, TimeSpan.MaxValue) };
        await using var mutex = server.NewMutex(options);
        await using var other = server.NewMutex(options);
        await using var held = await mutex.AcquireAsync(resource);
        var inside = mutex.AcquireAsync(resource);
        var waiting = other.AcquireAsync(resource);
        await ServerFixture.UntilQueuedAsync(other.Database, resource, 1);
        Assert.True(await held.ExtendAsync(time));
        Assert.True(await held.ReleaseAsync());

        // Whoever is first: the lease that was extended is not handed over inside.
        Assert.All(await Task.WhenAll(ReleaseAsync(inside), ReleaseAsync(waiting)), Assert.True);

        static async Task<bool> ReleaseAsync(Task<MutexLock> acquiring) => await (await acquiring).ReleaseAsync();
    }

    [Theory]
    [InlineData(9_000_000_000_000_000)]
    [InlineData(922_337_203_685_477)]
    [InlineData(922_337_203_685_478)]
    public async Task A_foreign_lock_without_an_end_is_waited_for_like_any_other(long milliseconds)
    {
        var resource = server.NewResource();
        var key = new LockKeys(resource).Lock;
        await using var mutex = server.NewMutex();
        try
        {
            await mutex.Database.ExecuteAsync("SET", key, "theirs", "PX", milliseconds);
        }
        catch (RedisServerException e)
        {
            Assert.Skip($"{e.Message}: not with this server");
        }

        Assert.False(await mutex.LockAsync(resource, Soon, TimeSpan.FromMilliseconds(10)));
        var waiting = mutex.AcquireAsync(resource, TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(10));
        await ServerFixture.UntilQueuedAsync(mutex.Database, resource, 1);
        await mutex.Database.KeyDeleteAsync(key);
        await using var held = await waiting;
        Assert.True(held.IsHeld);
    }

    private static async Task<TimeSpan> TimeToLiveAsync(RedisMutex mutex, string resource) =>
        TimeSpan.FromSeconds((long)await mutex.Database.ExecuteAsync("TTL", new LockKeys(resource).Lock));
}

[Collection(OnRedis.Name)]
public sealed class ExtremeTimeOnRedisTests(RedisFixture server) : ExtremeTimeTests(server)
{
    [Fact]
    public async Task A_lease_of_a_tick_is_a_lease_and_ends()
    {
        var resource = Server.NewResource();
        await using var mutex = Server.NewMutex(new MutexOptions { Lease = TimeSpan.FromTicks(1), Renew = false });
        await using var other = Server.NewMutex();
        await mutex.TryAcquireAsync(resource, TimeSpan.FromMilliseconds(100));
        Assert.True(await other.LockAsync(resource, TimeSpan.FromSeconds(5)));
    }
}

[Collection(OnGarnet.Name)]
public sealed class ExtremeTimeOnGarnetTests(GarnetFixture server) : ExtremeTimeTests(server);
