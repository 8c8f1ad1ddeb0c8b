using DistributedMutex.Protocol;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests.Family;

/// <summary>Locks that several hold, when processes are killed or stopped, connections break, and keys vanish.</summary>
public abstract class SharedFaultTests(ServerFixture server)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task A_reader_that_is_killed_costs_the_writer_no_more_than_its_own_lease()
    {
        var resource = server.NewResource();
        using var folder = new TemporaryFolder();
        await using var locks = server.NewReadWriteLock();
        using var killed = ChildProcess.StartTestProcess(folder.Path, ["share", "read", "60000", resource], server.Environment);
        await killed.HearAsync($"got {resource}");
        var living = await NewFlow(() => locks.AcquireReadAsync(resource));
        killed.Kill();
        await killed.ExitAsync();

        // It has 30 s, which is long for a test: as if most of them had passed. The living one renews meanwhile.
        var dead = (await locks.Database.SortedSetRangeByRankAsync("rwlock:" + resource)).Single(token => token != living.Token);
        await locks.Database.SortedSetDecrementAsync("rwlock:" + resource, dead, 27_000);
        var writing = NewFlow(() => locks.AcquireWriteAsync(resource, Long));
        await ServerFixture.UntilQueuedAsync(locks.Database, new LockKeys(resource, "rwlock:"), 1);
        await living.DisposeAsync();
        await using var writer = await writing.WaitAsync(TimeSpan.FromSeconds(3) + Soon);
    }

    [Theory]
    [InlineData("write", "rwlock:")]
    [InlineData("read", "rwlock:")]
    [InlineData("permit", "semaphore:")]
    public async Task Waiters_that_are_stopped_cost_those_behind_them_one_grant_and_never_believe_it_afterwards(string how, string prefix)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are Unix'");
        var resource = server.NewResource();
        var keys = new LockKeys(resource, prefix);
        using var folder = new TemporaryFolder();
        await using var locks = server.NewReadWriteLock();
        await using var semaphore = server.NewSemaphore(resource, 2);
        var held = how == "permit" ? new[] { await semaphore.AcquireAsync(), await semaphore.AcquireAsync() } : [await locks.AcquireWriteAsync(resource)];
        using var stopped = ChildProcess.StartTestProcess(folder.Path, ["share", how, "20", resource, resource], server.Environment);
        await ServerFixture.UntilQueuedAsync(locks.Database, keys, 2, stopped);
        var waiting = how == "permit" ? semaphore.AcquireAsync(Long) : locks.AcquireWriteAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(locks.Database, keys, 3, stopped);

        await stopped.StopAsync();
        await Task.WhenAll(held.Select(one => one.DisposeAsync().AsTask()));
        await using (await waiting.WaitAsync(((how == "write" ? 2 : 1) * Line.Grant) + Soon))
        {
            await stopped.ContinueAsync();
            if (how != "permit")
            {
                await ServerFixture.UntilQueuedAsync(locks.Database, keys, 2, stopped);
            }
        }

        await stopped.HearAsync($"got {resource}");
        Assert.DoesNotContain("got,", stopped.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_holder_that_is_stopped_past_its_lease_has_lost_its_permit_and_only_that()
    {
        var resource = server.NewResource();
        await using var two = server.NewSemaphore(resource, 2, new MutexOptions { Lease = TimeSpan.FromSeconds(1), Renew = false });
        await using var other = server.NewSemaphore(resource, 2);
        await using var stays = await other.AcquireAsync();
        var expires = await two.AcquireAsync();
        await using var next = await other.AcquireAsync(Long);
        Assert.False(await expires.ReleaseAsync());
        Assert.True(stays.IsHeld && next.IsHeld);
        Assert.Equal(2, await other.Database.SortedSetLengthAsync("semaphore:" + resource));
    }

    [Fact]
    public async Task A_waiter_whose_connection_breaks_gets_its_turn_all_the_same()
    {
        using var proxy = new TcpProxy(server.Settings);
        await using var waiter = new RedisReadWriteLock(proxy.Settings);
        await using var holder = server.NewReadWriteLock();
        var resource = server.NewResource();
        for (var i = 0; i < 2; i++)
        {
            var held = await holder.AcquireWriteAsync(resource);
            var waiting = waiter.AcquireReadAsync(resource, Long);
            await ServerFixture.UntilQueuedAsync(holder.Database, new LockKeys(resource, "rwlock:"), 1);
            proxy.Cut();
            await held.DisposeAsync();
            await (await waiting.WaitAsync(TimeSpan.FromSeconds(15))).DisposeAsync();
        }
    }

    [Fact]
    public async Task A_grant_that_nobody_waits_for_any_more_is_given_back_at_once()
    {
        var resource = server.NewResource();
        var keys = new LockKeys(resource, "semaphore:");
        await using var semaphore = server.NewSemaphore(resource, 1);
        var held = await semaphore.AcquireAsync();
        var waiting = semaphore.AcquireAsync(Long);
        await ServerFixture.UntilQueuedAsync(semaphore.Database, keys, 1);

        // Its client hears of it, and has no such token.
        var unknown = "1of1/" + OwnerToken.New(Mailbox.Of(semaphore.Connection).ClientId);
        await semaphore.Database.SortedSetAddAsync(keys.Queue, unknown, 0);
        await held.DisposeAsync();
        await using var got = await waiting.WaitAsync(Line.Grant - TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task After_FLUSHALL_holders_hear_of_their_loss_and_others_go_on()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await using var locks = new RedisReadWriteLock(admin, new MutexOptions { Lease = TimeSpan.FromSeconds(1.5) });
        await using var semaphore = new RedisSemaphore("x", 1, admin, new MutexOptions { Lease = TimeSpan.FromSeconds(1.5) });
        var held = new[] { await locks.AcquireReadAsync("x"), await locks.AcquireReadAsync("x"), await locks.AcquireWriteAsync("y"), await semaphore.AcquireAsync() };
        var lost = held.Select(one =>
        {
            var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            one.Lost.Register(source.SetResult);
            return source.Task;
        }).ToList();
        var waiting = new[] { NewFlow(() => locks.AcquireWriteAsync("x", Long)), locks.AcquireReadAsync("y", Long), semaphore.AcquireAsync(Long) };
        await ServerFixture.UntilQueuedAsync(admin.GetDatabase(), new LockKeys("x", "rwlock:"), 1);
        await ServerFixture.UntilQueuedAsync(admin.GetDatabase(), new LockKeys("y", "rwlock:"), 1);
        await ServerFixture.UntilQueuedAsync(admin.GetDatabase(), new LockKeys("x", "semaphore:"), 1);

        await admin.GetDatabase().ExecuteAsync("FLUSHALL");
        await Task.WhenAll(lost).WaitAsync(Soon);
        var next = await Task.WhenAll(waiting).WaitAsync(Soon);
        Assert.True(next[1].Fence > held[2].Fence);
    }

    [Fact]
    public async Task Every_key_ends_by_itself_and_says_who_holds_and_who_waits()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        var (one, database) = (admin.GetServer(admin.GetEndPoints()[0]), admin.GetDatabase());
        await using var locks = new RedisReadWriteLock(admin);
        await using var semaphore = new RedisSemaphore("x", 4, admin);
        await using (var reader = await NewFlow(() => locks.AcquireReadAsync("x")))
        await using (var writer = await locks.AcquireWriteAsync("y"))
        await using (var permit = await semaphore.AcquireAsync())
        {
            using var cancel = new CancellationTokenSource();
            var waiting = locks.AcquireWriteAsync("x", Long, cancel.Token);
            await ServerFixture.UntilQueuedAsync(database, new LockKeys("x", "rwlock:"), 1);
            foreach (var (key, held, way) in new[] { ("rwlock:x", reader, "read/"), ("rwlock:y", writer, "write/"), ("semaphore:x", permit, "1of4/") })
            {
                var entry = Assert.Single(await database.SortedSetRangeByRankWithScoresAsync(key));
                Assert.Equal(held.Token, entry.Element);
                Assert.StartsWith(way + Environment.MachineName, held.Token, StringComparison.Ordinal);
                Assert.InRange((await one.TimeAsync()).AddSeconds(30) - DateTime.UnixEpoch.AddMilliseconds(entry.Score), TimeSpan.Zero, TimeSpan.FromSeconds(10));
            }

            var keys = new List<string>();
            await foreach (var key in one.KeysAsync())
            {
                keys.Add(key.ToString());
                Assert.NotNull(await database.KeyTimeToLiveAsync(key));
            }

            Assert.Equal(["rwlock:x", "rwlock:y", "semaphore:x", "{rwlock:x}:fence", "{rwlock:x}:queue", "{rwlock:y}:fence"], keys.Order(StringComparer.Ordinal));
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        }

        // But for the last fences nothing stays.
        var left = new List<string>();
        await foreach (var key in one.KeysAsync())
        {
            left.Add(key.ToString());
        }

        Assert.Equal(["{rwlock:x}:fence", "{rwlock:y}:fence"], left.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Disposing_releases_what_is_held_and_ends_those_who_wait()
    {
        var resource = server.NewResource();
        var locks = server.NewReadWriteLock();
        await using var other = server.NewReadWriteLock();
        var reader = await locks.AcquireReadAsync(resource);
        var also = await locks.AcquireReadAsync(resource);
        var waiting = NewFlow(() => locks.AcquireWriteAsync(resource, Long));
        await ServerFixture.UntilQueuedAsync(other.Database, new LockKeys(resource, "rwlock:"), 1);

        await locks.DisposeAsync();
        Assert.Equal(nameof(RedisReadWriteLock), (await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting)).ObjectName);
        Assert.True(reader.Lost.IsCancellationRequested && also.Lost.IsCancellationRequested);
        await using var writer = await other.AcquireWriteAsync(resource, TimeSpan.Zero);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => locks.AcquireReadAsync(resource));
    }

    [Fact]
    public async Task The_script_cache_may_be_flushed_at_any_time()
    {
        var resource = server.NewResource();
        using var admin = server.NewForeignClient();
        await using var locks = server.NewReadWriteLock();
        for (var i = 0; i < 3; i++)
        {
            await admin.Database.ExecuteAsync("SCRIPT", "FLUSH");
            await using (await locks.AcquireWriteAsync(resource))
            {
                await admin.Database.ExecuteAsync("SCRIPT", "FLUSH");
            }

            await using var reader = await locks.AcquireReadAsync(resource, TimeSpan.Zero);
            await admin.Database.ExecuteAsync("SCRIPT", "FLUSH");
            Assert.True(await reader.ExtendAsync(Long));
        }
    }

    private static Task<T> NewFlow<T>(Func<Task<T>> call)
    {
        using var _ = ExecutionContext.SuppressFlow();
        return Task.Run(call);
    }
}

public sealed class SharedFaultOnRedisTests(OwnRedisFixture server) : SharedFaultTests(server), IClassFixture<OwnRedisFixture>;

public sealed class SharedFaultOnGarnetTests(GarnetFixture server) : SharedFaultTests(server), IClassFixture<GarnetFixture>;
