using System.Runtime.CompilerServices;
using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests;

public abstract class SeveralKeysTests(ServerFixture server)
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task All_are_held_in_the_order_of_their_names_each_once_until_the_set_is_disposed()
    {
        var names = NewResources(3);
        await using var mutex = server.NewMutex();
        await using var other = server.NewMutex();

        var set = await mutex.AcquireAllAsync([names[2], names[0], names[2], names[1]]);
        Assert.Equal(names, set.Locks.Select(held => held.Resource));
        Assert.True(set.IsHeld);
        foreach (var name in names)
        {
            Assert.Null(await other.TryAcquireAsync(name, TimeSpan.Zero));
        }

        await set.DisposeAsync();
        Assert.False(set.IsHeld);
        Assert.False(set.Lost.IsCancellationRequested);
        using (var again = await other.AcquireAllAsync([.. names], TimeSpan.Zero))
        {
            Assert.True(again.IsHeld);
            await set.DisposeAsync();
            Assert.True(again.IsHeld);
        }

        Assert.False(await other.IsLockedAsync(names[0]));
    }

    [Fact]
    public async Task Release_is_true_once_and_false_if_one_was_lost()
    {
        var names = NewResources(2);
        await using var mutex = server.NewMutex();
        using var foreign = server.NewForeignClient();

        var set = await mutex.AcquireAllAsync([.. names]);
        Assert.True(await set.ReleaseAsync());
        Assert.False(await set.ReleaseAsync());

        set = await mutex.AcquireAllAsync([.. names]);
        await foreign.Database.KeyDeleteAsync("lock:" + names[1]);
        Assert.False(await set.ReleaseAsync());
        Assert.False(await mutex.IsLockedAsync(names[0]));
    }

    [Fact]
    public async Task One_wait_is_for_all_and_the_exception_names_the_one_that_could_not_be_had_and_who_has_it()
    {
        var names = NewResources(3);
        await using var mutex = server.NewMutex();
        await using var other = server.NewMutex();
        await using var first = await other.AcquireAsync(names[0]);
        await using var last = await other.AcquireAsync(names[2]);

        // The first comes free when half of the wait is over; what is left of it is for the last.
        var started = TimeProvider.System.GetTimestamp();
        var taking = mutex.AcquireAllAsync([.. names], 4 * Short);
        await Task.Delay(2 * Short);
        await first.DisposeAsync();
        var thrown = await Assert.ThrowsAsync<LockAcquisitionException>(() => taking);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), 4 * Short, (6 * Short) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(names[2], thrown.Resource);
        Assert.InRange(thrown.Waited, 4 * Short, 6 * Short);
        Assert.Contains($"held by {last.Token.Split(':')[0]}", thrown.Message, StringComparison.Ordinal);

        Assert.Null(await mutex.TryAcquireAllAsync([.. names], TimeSpan.Zero));
        Assert.False(await mutex.IsLockedAsync(names[0]));
        Assert.False(await mutex.IsLockedAsync(names[1]));
    }

    [Fact]
    public async Task A_cancelled_caller_has_none()
    {
        var names = NewResources(2);
        await using var mutex = server.NewMutex();
        await using var other = server.NewMutex();
        await using var last = await other.AcquireAsync(names[1]);
        using var cancel = new CancellationTokenSource();

        var taking = mutex.AcquireAllAsync([.. names], Long, cancel.Token);
        await ServerFixture.UntilQueuedAsync(other.Database, names[1], 1);
        Assert.True(await other.IsLockedAsync(names[0]));
        await cancel.CancelAsync();
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => taking);
        Assert.Equal(cancel.Token, thrown.CancellationToken);
        Assert.False(await other.IsLockedAsync(names[0]));
    }

    [Fact]
    public async Task One_that_is_lost_while_the_next_is_waited_for_ends_the_wait_and_is_named()
    {
        var names = NewResources(2);
        await using var mutex = server.NewMutex(new MutexOptions { Lease = Short, Renew = false });
        await using var other = server.NewMutex();
        await using var last = await other.AcquireAsync(names[1]);

        var thrown = await Assert.ThrowsAsync<LockAcquisitionException>(() => mutex.AcquireAllAsync([.. names], Long)).WaitAsync(Long / 3);
        Assert.Equal(names[0], thrown.Resource);
        Assert.Contains("lost while others were waited for", thrown.Message, StringComparison.Ordinal);
        Assert.Null(await mutex.TryAcquireAllAsync([.. names], Long).WaitAsync(Long / 3));
    }

    [Fact]
    public async Task Lost_fires_when_any_of_them_is_lost_and_the_others_stay_held()
    {
        var names = NewResources(3);
        await using var mutex = server.NewMutex(new MutexOptions { Lease = TimeSpan.FromSeconds(3) });
        using var foreign = server.NewForeignClient();
        await using var set = await mutex.AcquireAllAsync([.. names]);
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = set.Lost.Register(lost.SetResult);

        await foreign.Database.KeyDeleteAsync("lock:" + names[1]);
        await lost.Task.WaitAsync(Long);
        Assert.False(set.IsHeld);
        Assert.Equal([true, false, true], set.Locks.Select(held => held.IsHeld));
    }

    [Fact]
    public async Task Callers_that_name_the_same_keys_in_another_order_never_wait_for_each_other_for_ever()
    {
        var names = NewResources(3);
        var (inside, counter) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async number =>
        {
            await using var mutex = server.NewMutex();
            LockKey[] order = number % 2 == 0 ? [names[0], names[1], names[2]] : [names[2], names[1], names[0]];
            for (var i = 0; i < 10; i++)
            {
                await using var set = await mutex.AcquireAllAsync(order, Long);
                Assert.Equal(1, Interlocked.Increment(ref inside));
                counter++;
                await Task.Yield();
                Assert.Equal(0, Interlocked.Decrement(ref inside));
            }
        }));
        Assert.Equal(60, counter);
    }

    [Fact]
    public async Task Disposing_the_mutex_ends_a_caller_that_has_half_of_them()
    {
        var names = NewResources(2);
        var mutex = server.NewMutex();
        await using var other = server.NewMutex();
        await using var last = await other.AcquireAsync(names[1]);
        var taking = mutex.AcquireAllAsync([.. names], Long);
        await ServerFixture.UntilQueuedAsync(other.Database, names[1], 1);
        await mutex.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => taking);
        Assert.False(await other.IsLockedAsync(names[0]));
    }

    [Fact]
    public async Task A_set_that_is_dropped_without_dispose_stops_renewing()
    {
        var names = NewResources(2);
        await using var mutex = server.NewMutex(new MutexOptions { Lease = Short });
        await using var other = server.NewMutex();
        await AcquireAndDropAsync(mutex, names);

        // Off the stack of what has just gone on, which may still refer to them.
        await Task.Yield();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        await using var set = await other.AcquireAllAsync([.. names], Long / 2);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static async Task AcquireAndDropAsync(RedisMutex mutex, string[] names) => Assert.True((await mutex.AcquireAllAsync([.. names])).IsHeld);
    }

    [Fact]
    public async Task Arguments_out_of_range_are_named()
    {
        await using var mutex = server.NewMutex();
        Assert.Equal("resources", (await Assert.ThrowsAsync<ArgumentException>(() => mutex.AcquireAllAsync([]))).ParamName);
        Assert.Equal("resources", (await Assert.ThrowsAsync<ArgumentException>(() => mutex.AcquireAllAsync(["a", " "]))).ParamName);
        Assert.Equal("wait", (await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => mutex.TryAcquireAllAsync(["a"], TimeSpan.FromSeconds(-2)))).ParamName);
    }

    private string[] NewResources(int count) => [.. Enumerable.Range(0, count).Select(_ => server.NewResource()).Order(StringComparer.Ordinal)];
}

[Collection(OnRedis.Name)]
public sealed class SeveralKeysOnRedisTests(RedisFixture server) : SeveralKeysTests(server);

[Quick]
[Collection(OnGarnet.Name)]
public sealed class SeveralKeysOnGarnetTests(GarnetFixture server) : SeveralKeysTests(server);
