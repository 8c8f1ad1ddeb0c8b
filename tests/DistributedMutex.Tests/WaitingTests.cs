using DistributedMutex.Protocol;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using StackExchange.Redis;

namespace DistributedMutex.Tests;

public abstract class WaitingTests(ServerFixture server)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Waiters_get_the_lock_in_the_order_in_which_they_came()
    {
        const int waiters = 20;
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        using var holder = new RedisMutex(admin);
        Assert.True(await holder.LockAsync("x"));
        var mutexes = Enumerable.Range(0, waiters).Select(_ => new RedisMutex(ServerFixture.SettingsOf(another))).ToList();
        var (order, locking) = (new List<int>(), new List<Task>());
        for (var number = 0; number < waiters; number++)
        {
            locking.Add(HoldAsync(number));
            await ServerFixture.UntilQueuedAsync(admin.GetDatabase(), "x", number + 1);
        }

        Assert.True(await holder.UnlockAsync("x"));
        await Task.WhenAll(locking);
        Assert.Equal(Enumerable.Range(0, waiters), order);
        mutexes.ForEach(mutex => mutex.Dispose());

        async Task HoldAsync(int number)
        {
            Assert.True(await mutexes[number].LockAsync("x", Long));
            order.Add(number);
            Assert.True(await mutexes[number].UnlockAsync("x"));
        }
    }

    [Fact]
    public async Task Fifty_waiters_for_five_seconds_cost_fewer_than_a_hundred_commands()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        using var shared = new RedisClient(ServerFixture.SettingsOf(another));
        using var holder = new RedisMutex(admin);
        await using var held = await holder.AcquireAsync("x");
        var before = await ServerFixture.CountCommandsAsync(admin);

        var mutexes = Enumerable.Range(0, 50).Select(_ => new RedisMutex(shared.Connection)).ToList();
        var waiting = mutexes.Select(mutex => mutex.LockAsync("x", Long)).ToList();
        await Task.Delay(TimeSpan.FromSeconds(5));
        Assert.InRange(await ServerFixture.CountCommandsAsync(admin) - before, 50, 99);
        Assert.Equal(50, await admin.GetDatabase().SortedSetLengthAsync(new LockKeys("x").Queue));

        mutexes.ForEach(mutex => mutex.Dispose());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Task.WhenAll(waiting));
        await ServerFixture.UntilQueuedAsync(admin.GetDatabase(), "x", 0);
    }

    [Fact]
    public async Task A_waiter_that_gives_up_or_is_cancelled_costs_the_others_nothing()
    {
        var resource = server.NewResource();
        await using var holder = server.NewMutex();
        await using var timesOut = server.NewMutex();
        await using var cancelled = server.NewMutex();
        await using var patient = server.NewMutex();
        using var cancel = new CancellationTokenSource();
        Assert.True(await holder.LockAsync(resource));

        var first = timesOut.LockAsync(resource, TimeSpan.FromMilliseconds(700));
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 1);
        var second = cancelled.LockAsync(resource, Long, cancellationToken: cancel.Token);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 2);
        var third = patient.LockAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 3);
        Assert.False(await first);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 1);

        Assert.True(await holder.UnlockAsync(resource));
        Assert.True(await third.WaitAsync(TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public async Task A_grant_that_crosses_a_cancellation_is_passed_on()
    {
        await using var holder = server.NewMutex();
        await using var fickle = server.NewMutex();
        await using var patient = server.NewMutex();
        for (var i = 0; i < 30; i++)
        {
            var resource = server.NewResource();
            using var cancel = new CancellationTokenSource();
            Assert.True(await holder.LockAsync(resource));
            var first = fickle.LockAsync(resource, Long, cancellationToken: cancel.Token);
            await ServerFixture.UntilQueuedAsync(holder.Database, resource, 1);
            var second = patient.LockAsync(resource, Long);
            await ServerFixture.UntilQueuedAsync(holder.Database, resource, 2);

            await Task.WhenAll(holder.UnlockAsync(resource), cancel.CancelAsync());
            try
            {
                Assert.True(await first);
                Assert.True(await fickle.UnlockAsync(resource));
            }
            catch (OperationCanceledException)
            {
                // Either is right; the other waiter must not notice.
            }

            Assert.True(await second.WaitAsync(TimeSpan.FromSeconds(2)));
            Assert.True(await patient.UnlockAsync(resource));
        }
    }

    [Fact]
    public async Task Waiters_whose_processes_were_killed_are_passed_over_at_once()
    {
        var resource = server.NewResource();
        await using var holder = server.NewMutex();
        await using var patient = server.NewMutex();
        using var folder = new TemporaryFolder();
        Assert.True(await holder.LockAsync(resource));
        var dead = Enumerable.Range(0, 2).Select(_ => StartHolder(folder, resource)).ToList();
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 2);
        var waiting = patient.LockAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 3);
        foreach (var process in dead)
        {
            process.Kill();
            await process.ExitAsync();
            process.Dispose();
        }

        Assert.True(await holder.UnlockAsync(resource));
        Assert.True(await waiting.WaitAsync(TimeSpan.FromSeconds(2)));
        Assert.True(await patient.UnlockAsync(resource));

        // The last one to go leaves the lock free.
        using var last = StartHolder(folder, resource);
        await last.HearAsync("holding");
        var late = StartHolder(folder, resource);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 1);
        late.Kill();
        await late.ExitAsync();
        last.CloseInput();
        Assert.Equal(0, await last.ExitAsync());
        Assert.True(await holder.LockAsync(resource, TimeSpan.Zero));
    }

    [Fact]
    public async Task A_stopped_winner_costs_the_next_no_more_than_the_grant_and_does_not_believe_it_when_it_wakes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are Unix'");
        var resource = server.NewResource();
        await using var holder = server.NewMutex();
        await using var next = server.NewMutex();
        using var folder = new TemporaryFolder();
        Assert.True(await holder.LockAsync(resource));
        using var stopped = StartHolder(folder, resource);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 1);
        var waiting = next.AcquireAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 2);
        await stopped.StopAsync();

        Assert.True(await holder.UnlockAsync(resource));
        await using (var held = await waiting.WaitAsync(TimeSpan.FromSeconds(10)))
        {
            await stopped.ContinueAsync();
            await ServerFixture.UntilQueuedAsync(holder.Database, resource, 1, stopped);
            Assert.DoesNotContain("holding", stopped.Said, StringComparison.Ordinal);
            Assert.True(held.IsHeld);
        }

        await stopped.HearAsync("holding");
    }

    [Fact]
    public async Task When_the_holder_is_killed_the_waiters_follow_in_order_after_its_lease()
    {
        var resource = server.NewResource();
        using var folder = new TemporaryFolder();
        using var killed = StartHolder(folder, resource, TimeSpan.FromSeconds(2));
        await killed.HearAsync("holding");
        var mutexes = Enumerable.Range(0, 3).Select(_ => server.NewMutex()).ToList();
        var (order, locking) = (new List<int>(), new List<Task>());
        for (var number = 0; number < mutexes.Count; number++)
        {
            locking.Add(HoldAsync(number));
            await ServerFixture.UntilQueuedAsync(mutexes[0].Database, resource, number + 1);
        }

        killed.Kill();
        await Task.WhenAll(locking).WaitAsync(TimeSpan.FromSeconds(15));
        Assert.Equal([0, 1, 2], order);
        mutexes.ForEach(mutex => mutex.Dispose());

        async Task HoldAsync(int number)
        {
            await using var held = await mutexes[number].AcquireAsync(resource, Long);
            order.Add(number);
        }
    }

    [Fact]
    public async Task A_foreign_holder_is_asked_after_by_one_waiter_only_and_by_the_next_when_that_one_leaves()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        var database = admin.GetDatabase();
        Assert.True(database.StringSet("lock:x", "theirs", Long, When.NotExists));
        var mutexes = Enumerable.Range(0, 10).Select(_ => new RedisMutex(admin)).ToList();
        var retry = TimeSpan.FromMilliseconds(100);
        using var leave = new CancellationTokenSource();
        var first = mutexes[0].LockAsync("x", Long, retry, leave.Token);
        await ServerFixture.UntilQueuedAsync(database, "x", 1);
        var others = mutexes.Skip(1).Select(mutex => mutex.LockAsync("x", Long, retry)).ToList();
        await ServerFixture.UntilQueuedAsync(database, "x", 10);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        await Task.Delay(TimeSpan.FromSeconds(1));
        var commands = await ServerFixture.TryCountCommandsAsync(admin);
        await Task.Delay(TimeSpan.FromSeconds(2));
        if (commands is not null)
        {
            Assert.InRange((await ServerFixture.CountCommandsAsync(admin)) - commands.Value, 5, 25);
        }

        await database.KeyDeleteAsync("lock:x");
        var winner = await Task.WhenAny(others).WaitAsync(Long);
        Assert.True(await winner);
        mutexes.ForEach(mutex => mutex.Dispose());
    }

    [Fact]
    public async Task Whoever_comes_to_a_lock_that_was_left_behind_lets_those_who_wait_go_first()
    {
        var (resource, seldom) = (server.NewResource(), TimeSpan.FromHours(1));
        await using var waiter = server.NewMutex();
        await using var newcomer = server.NewMutex();
        using var foreign = server.NewForeignClient();
        var key = $"lock:{resource}";
        Assert.True(foreign.Database.StringSet(key, "theirs", Long, When.NotExists));
        var waiting = waiter.AcquireAsync(resource, Long, seldom);
        await ServerFixture.UntilQueuedAsync(foreign.Database, resource, 1);
        Assert.True(foreign.Database.KeyDelete(key));

        // The waiter would look in an hour; it is the newcomer's question that wakes it.
        Assert.Null(await newcomer.TryAcquireAsync(resource, TimeSpan.Zero));
        await using var held = await waiting.WaitAsync(Long);
        Assert.Equal(held.Token, foreign.Database.StringGet(key));
    }

    [Fact]
    public async Task Lock_may_overtake_those_who_wait_for_a_lock_that_was_left_behind_but_once_only()
    {
        var (resource, seldom) = (server.NewResource(), TimeSpan.FromHours(1));
        await using var waiter = server.NewMutex();
        await using var newcomer = server.NewMutex();
        using var foreign = server.NewForeignClient();
        Assert.True(foreign.Database.StringSet($"lock:{resource}", "theirs", Long, When.NotExists));
        var waiting = waiter.AcquireAsync(resource, Long, seldom);
        await ServerFixture.UntilQueuedAsync(foreign.Database, resource, 1);
        Assert.True(foreign.Database.KeyDelete($"lock:{resource}"));

        Assert.True(await newcomer.LockAsync(resource, TimeSpan.Zero));
        Assert.True(await newcomer.UnlockAsync(resource));
        await using var held = await waiting.WaitAsync(Long);
        Assert.True(held.IsHeld);
    }

    private ChildProcess StartHolder(TemporaryFolder folder, string resource, TimeSpan? lease = null) => ChildProcess.StartTestProcess(
        folder.Path,
        ["hold", resource, $"{(lease ?? TimeSpan.FromSeconds(30)).TotalMilliseconds}"],
        server.Environment);
}

[Collection(OnRedis.Name)]
public sealed class WaitingOnRedisTests(RedisFixture server) : WaitingTests(server);

[Collection(OnGarnet.Name)]
public sealed class WaitingOnGarnetTests(GarnetFixture server) : WaitingTests(server);
