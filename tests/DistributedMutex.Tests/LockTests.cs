using DistributedMutex.Tests.Servers;
using StackExchange.Redis;

namespace DistributedMutex.Tests;

public abstract class LockTests(ServerFixture server)
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [Fact]
    public void Lock_sets_the_plain_key_to_an_owner_token_for_30_s_and_Unlock_deletes_it()
    {
        var resource = server.NewResource();
        using var mutex = server.NewMutex();
        using var anyone = server.NewForeignClient();

        Assert.True(mutex.Lock(resource));
        var token = (string?)anyone.Database.StringGet("lock:" + resource);
        Assert.Matches($"^{Environment.MachineName}-{Environment.ProcessId}-[0-9a-f]{{8}}:[0-9a-f]{{32}}$", token);
        Assert.InRange(anyone.Database.KeyTimeToLive("lock:" + resource)!.Value.TotalSeconds, 25, 30);

        Assert.True(mutex.Unlock(resource));
        Assert.False(anyone.Database.KeyExists("lock:" + resource));
    }

    [Fact]
    public void A_held_lock_is_false_to_another_instance_after_its_wait()
    {
        var resource = server.NewResource();
        using var holder = server.NewMutex();
        using var other = server.NewMutex();
        Assert.True(holder.Lock(resource));

        var started = TimeProvider.System.GetTimestamp();
        Assert.False(other.Lock(resource, wait: Short, retry: Short / 10));
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), Short, TimeSpan.FromSeconds(5));
        Assert.True(holder.Unlock(resource));
    }

    [Fact]
    public async Task A_waiter_gets_the_lock_when_it_is_released()
    {
        var resource = server.NewResource();
        using var holder = server.NewMutex();
        using var other = server.NewMutex();
        Assert.True(await holder.LockAsync(resource));

        var waiting = other.LockAsync(resource, TimeSpan.FromSeconds(20), Short / 10);
        Assert.False(await other.LockAsync(resource, TimeSpan.Zero));
        Assert.False(waiting.IsCompleted);
        Assert.True(await holder.UnlockAsync(resource));
        Assert.True(await waiting);
    }

    [Fact]
    public async Task A_second_Lock_on_the_same_instance_waits_like_any_other()
    {
        var resource = server.NewResource();
        using var mutex = server.NewMutex();
        Assert.True(await mutex.LockAsync(resource));
        Assert.False(await mutex.LockAsync(resource, Short, Short / 10));
        Assert.True(await mutex.UnlockAsync(resource));
    }

    [Fact]
    public async Task An_expired_holders_Unlock_says_false_and_harms_nobody()
    {
        var resource = server.NewResource();
        using var expired = server.NewMutex(new MutexOptions { Lease = Short });
        using var successor = server.NewMutex();
        Assert.True(await expired.LockAsync(resource));
        Assert.True(await successor.LockAsync(resource, TimeSpan.FromSeconds(20), Short / 10));

        Assert.False(await expired.UnlockAsync(resource));
        Assert.False(expired.Unlock(resource));
        Assert.True(await expired.IsLockedAsync(resource));
        Assert.True(await successor.UnlockAsync(resource));
    }

    [Fact]
    public void An_instance_that_locks_again_after_expiry_can_unlock()
    {
        var resource = server.NewResource();
        using var mutex = server.NewMutex(new MutexOptions { Lease = Short });
        Assert.True(mutex.Lock(resource));
        Assert.True(mutex.Lock(resource, TimeSpan.FromSeconds(20), Short / 10));
        Assert.True(mutex.Unlock(resource));
    }

    [Fact]
    public void Unlock_is_true_once_and_false_for_what_was_never_locked()
    {
        var resource = server.NewResource();
        using var mutex = server.NewMutex();
        Assert.False(mutex.Unlock(resource));
        Assert.True(mutex.Lock(resource));
        Assert.True(mutex.Unlock(resource));
        Assert.False(mutex.Unlock(resource));
    }

    [Fact]
    public async Task Of_many_concurrent_Unlocks_one_is_true()
    {
        var resource = server.NewResource();
        using var mutex = server.NewMutex();
        Assert.True(await mutex.LockAsync(resource));
        var unlocked = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => mutex.UnlockAsync(resource)));
        Assert.Single(unlocked, true);
    }

    [Fact]
    public async Task A_foreign_client_is_excluded_and_excludes_us()
    {
        var resource = server.NewResource();
        using var mutex = server.NewMutex();
        using var foreign = server.NewForeignClient();

        Assert.True(foreign.Database.StringSet("lock:" + resource, "theirs", TimeSpan.FromSeconds(20), When.NotExists));
        Assert.True(await mutex.IsLockedAsync(resource));
        Assert.False(await mutex.LockAsync(resource, TimeSpan.Zero));
        Assert.False(mutex.Unlock(resource));
        Assert.Equal("theirs", foreign.Database.StringGet("lock:" + resource));

        foreign.Database.KeyDelete("lock:" + resource);
        Assert.False(await mutex.IsLockedAsync(resource));
        Assert.True(await mutex.LockAsync(resource, TimeSpan.Zero));
        Assert.False(foreign.Database.StringSet("lock:" + resource, "theirs", TimeSpan.FromSeconds(20), When.NotExists));
    }

    [Fact]
    public async Task A_cancelled_waiter_leaves_nothing_behind()
    {
        var resource = server.NewResource();
        using var holder = server.NewMutex();
        using var other = server.NewMutex();
        using var cancel = new CancellationTokenSource();
        Assert.True(await holder.LockAsync(resource));

        var waiting = other.LockAsync(resource, Timeout.InfiniteTimeSpan, Short / 10, cancel.Token);
        await cancel.CancelAsync();
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(cancel.Token, thrown.CancellationToken);

        Assert.True(await holder.UnlockAsync(resource));

        // Its leaving may still be on its way, and a grant cross it; it then gives that back, long before a grant ends by itself.
        Assert.True(await holder.LockAsync(resource, TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public async Task A_request_that_is_cancelled_on_its_way_leaves_nothing_locked()
    {
        await using var admin = server.NewForeignClient();
        for (var i = 0; i < 50; i++)
        {
            // What the server does not know is sent a second time, whole: that must not come after the cancellation.
            await admin.Database.ExecuteAsync("SCRIPT", "FLUSH");
            await using var other = server.NewMutex();
            var mutex = server.NewMutex();
            var resource = server.NewResource();
            using var cancel = new CancellationTokenSource();
            var locking = mutex.LockAsync(resource, cancellationToken: cancel.Token);
            await cancel.CancelAsync();
            try
            {
                Assert.True(await locking);
            }
            catch (OperationCanceledException)
            {
                // As it should be, most times.
            }

            await mutex.DisposeAsync();
            Assert.False(await other.IsLockedAsync(resource));
        }
    }

    [Fact]
    public void A_pair_of_Lock_and_Unlock_keeps_to_its_budget_of_memory()
    {
        // What the calling thread allocates, the Redis client's own included: see the benchmarks' README.
        const int pairs = 500, budget = 3_500;
        var resource = server.NewResource();
        using var mutex = server.NewMutex();
        Pair();
        Pair();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < pairs; i++)
        {
            Pair();
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / pairs, 1, budget);

        void Pair()
        {
            Assert.True(mutex.Lock(resource));
            Assert.True(mutex.Unlock(resource));
        }
    }

    [Fact]
    public async Task The_script_cache_may_be_flushed_at_any_time()
    {
        var resource = server.NewResource();
        using var mutex = server.NewMutex();
        using var admin = server.NewForeignClient();
        for (var i = 0; i < 3; i++)
        {
            await admin.Database.ExecuteAsync("SCRIPT", "FLUSH");
            Assert.True(await mutex.LockAsync(resource));
            await admin.Database.ExecuteAsync("SCRIPT", "FLUSH");
            Assert.True(mutex.Unlock(resource));
            await admin.Database.ExecuteAsync("SCRIPT", "FLUSH");
            Assert.True(mutex.Lock(resource));
            await admin.Database.ExecuteAsync("SCRIPT", "FLUSH");
            Assert.True(await mutex.UnlockAsync(resource));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task Many_threads_never_hold_at_the_same_time(int instances)
    {
        var resource = server.NewResource();
        var mutexes = Enumerable.Range(0, instances).Select(_ => server.NewMutex()).ToList();
        var (inside, counter) = (0, 0);

        var threads = Enumerable.Range(0, 10).Select(number => Task.Factory.StartNew(
            () =>
            {
                var mutex = mutexes[number % instances];
                for (var i = 0; i < 5; i++)
                {
                    Assert.True(mutex.Lock(resource, TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(5)));
                    Assert.Equal(1, Interlocked.Increment(ref inside));
                    counter++;
                    Thread.Yield();
                    Assert.Equal(0, Interlocked.Decrement(ref inside));
                    Assert.True(mutex.Unlock(resource));
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)).ToList();
        await Task.WhenAll(threads);

        Assert.Equal(50, counter);
        mutexes.ForEach(mutex => mutex.Dispose());
    }

    [Fact]
    public void Arguments_out_of_range_are_named()
    {
        using var mutex = server.NewMutex();
        Assert.Equal("wait", Assert.Throws<ArgumentOutOfRangeException>(() => mutex.Lock("x", TimeSpan.FromSeconds(-2))).ParamName);
        Assert.Equal("retry", Assert.Throws<ArgumentOutOfRangeException>(() => mutex.Lock("x", retry: TimeSpan.Zero)).ParamName);
        Assert.Equal("resource", Assert.Throws<ArgumentException>(() => mutex.Lock(" ")).ParamName);
        Assert.Equal("resource", Assert.ThrowsAny<ArgumentException>(() => mutex.Unlock((string)null!)).ParamName);
    }
}

[Collection(OnRedis.Name)]
public sealed class LockOnRedisTests(RedisFixture server) : LockTests(server);

[Quick]
[Collection(OnGarnet.Name)]
public sealed class LockOnGarnetTests(GarnetFixture server) : LockTests(server);
