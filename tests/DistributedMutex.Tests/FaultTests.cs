using DistributedMutex.Protocol;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;
using StackExchange.Redis;

namespace DistributedMutex.Tests;

public abstract class FaultTests(ServerFixture server)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_lost_reply_to_acquire_is_found_out_about()
    {
        using var proxy = new TcpProxy(server.Settings);
        await using var mutex = NewMutex(proxy);
        await using var direct = server.NewForeignClient();
        var resource = server.NewResource();
        await KnowScriptsAsync(mutex);

        proxy.SwallowReplies = true;
        var locking = mutex.AcquireAsync(resource, Long);
        await UntilAsync(() => direct.Database.KeyExistsAsync("lock:" + resource));
        proxy.SwallowReplies = false;
        proxy.Cut();

        await using var held = await locking.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(held.Token, (string?)await direct.Database.StringGetAsync("lock:" + resource));
    }

    [Fact]
    public async Task With_no_time_to_find_out_a_lost_reply_to_acquire_is_thrown_not_false()
    {
        using var proxy = new TcpProxy(server.Settings);
        await using var mutex = NewMutex(proxy);
        await using var direct = server.NewForeignClient();
        var resource = server.NewResource();
        await KnowScriptsAsync(mutex);

        proxy.SwallowReplies = true;
        var locking = mutex.LockAsync(resource, TimeSpan.Zero);
        await UntilAsync(() => direct.Database.KeyExistsAsync("lock:" + resource));
        proxy.Cut();
        var thrown = await Assert.ThrowsAnyAsync<Exception>(() => locking);
        Assert.True(thrown is RedisException or TimeoutException, thrown.ToString());
    }

    [Fact]
    public async Task A_lost_reply_to_release_is_thrown_and_a_second_try_harms_nobody()
    {
        using var proxy = new TcpProxy(server.Settings);
        await using var mutex = NewMutex(proxy);
        await using var other = server.NewMutex();
        var resource = server.NewResource();
        await KnowScriptsAsync(mutex);
        Assert.True(await mutex.LockAsync(resource));
        var waiting = other.LockAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(other.Database, resource, 1);

        proxy.SwallowReplies = true;
        var unlocking = mutex.UnlockAsync(resource);
        Assert.True(await waiting.WaitAsync(TimeSpan.FromSeconds(20)));
        proxy.SwallowReplies = false;
        proxy.Cut();
        var thrown = await Assert.ThrowsAnyAsync<Exception>(() => unlocking);
        Assert.True(thrown is RedisException or TimeoutException, thrown.ToString());

        await UntilAsync(() => IsConnectedAsync(mutex));
        Assert.False(await mutex.UnlockAsync(resource));
        Assert.True(await other.UnlockAsync(resource));
    }

    [Fact]
    public async Task A_waiter_whose_connection_breaks_is_granted_the_lock_all_the_same()
    {
        using var proxy = new TcpProxy(server.Settings);
        await using var waiter = NewMutex(proxy);
        await using var holder = server.NewMutex();
        var resource = server.NewResource();
        for (var i = 0; i < 3; i++)
        {
            Assert.True(await holder.LockAsync(resource));
            var waiting = waiter.LockAsync(resource, Long);
            await ServerFixture.UntilQueuedAsync(holder.Database, resource, 1);
            proxy.Cut();
            Assert.True(await holder.UnlockAsync(resource));
            Assert.True(await waiting.WaitAsync(TimeSpan.FromSeconds(15)));
            await UntilAsync(() => IsConnectedAsync(waiter));
            Assert.True(await waiter.UnlockAsync(resource));
        }
    }

    [Fact]
    public async Task A_grant_that_is_lost_on_its_way_delays_the_next_by_no_more_than_the_grant()
    {
        using var proxy = new TcpProxy(server.Settings);
        await using var deaf = NewMutex(proxy);
        await using var holder = server.NewMutex();
        await using var next = server.NewMutex();
        var resource = server.NewResource();
        Assert.True(await holder.LockAsync(resource));
        var first = deaf.LockAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 1);
        var second = next.LockAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 2);

        proxy.SwallowReplies = true;
        Assert.True(await holder.UnlockAsync(resource));
        Assert.True(await second.WaitAsync(TimeSpan.FromSeconds(8)));
        proxy.SwallowReplies = false;
        proxy.Cut();
        Assert.True(await next.UnlockAsync(resource));
        Assert.True(await first.WaitAsync(TimeSpan.FromSeconds(40)));
    }

    [Fact]
    public async Task A_grant_that_was_held_up_too_long_is_not_believed()
    {
        using var proxy = new TcpProxy(server.Settings);
        await using var late = NewMutex(proxy);
        await using var holder = server.NewMutex();
        await using var next = server.NewMutex();
        var resource = server.NewResource();
        Assert.True(await holder.LockAsync(resource));
        var first = late.AcquireAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 1);
        var second = next.AcquireAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 2);

        proxy.HoldReplies();
        Assert.True(await holder.UnlockAsync(resource));
        await using (var held = await second.WaitAsync(TimeSpan.FromSeconds(10)))
        {
            proxy.ReleaseReplies();
            await ServerFixture.UntilQueuedAsync(holder.Database, resource, 1);
            Assert.False(first.IsCompleted);
            Assert.True(held.IsHeld);
        }

        await (await first.WaitAsync(TimeSpan.FromSeconds(10))).DisposeAsync();
    }

    [Fact]
    public async Task A_holder_cut_off_from_the_server_loses_the_lock_at_its_deadline_and_keeps_it_if_that_is_mended_before()
    {
        using var proxy = new TcpProxy(server.Settings);
        await using var mutex = NewMutex(proxy, new MutexOptions { Lease = TimeSpan.FromSeconds(6) });
        var resource = server.NewResource();
        await using var held = await mutex.AcquireAsync(resource);

        proxy.Cut();
        await Task.Delay(TimeSpan.FromSeconds(7));
        Assert.True(held.IsHeld);

        proxy.Refuse = true;
        proxy.Cut();
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = held.Lost.Register(lost.SetResult);
        await lost.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(held.IsHeld);
        proxy.Refuse = false;
    }

    [Fact]
    public async Task A_renewal_that_arrives_after_the_release_brings_nothing_back()
    {
        using var proxy = new TcpProxy(server.Settings);
        await using var mutex = NewMutex(proxy, new MutexOptions { Lease = TimeSpan.FromMilliseconds(600) });
        for (var i = 0; i < 10; i++)
        {
            var resource = server.NewResource();
            var held = await mutex.AcquireAsync(resource);
            await Task.Delay(190 + i);
            var extending = held.ExtendAsync();
            await held.ReleaseAsync();
            await extending;
            Assert.False(await mutex.IsLockedAsync(resource));
            Assert.False(held.IsHeld);
        }
    }

    [Fact]
    public async Task FLUSHALL_while_waiting_leaves_nobody_waiting_for_ever()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await using var mutex = new RedisMutex(admin, new MutexOptions { Lease = TimeSpan.FromSeconds(2) });
        await using var other = new RedisMutex(ServerFixture.SettingsOf(another));
        await using var held = await mutex.AcquireAsync("x");
        var waiting = other.AcquireAsync("x", Long);
        await ServerFixture.UntilQueuedAsync(admin.GetDatabase(), "x", 1);

        await admin.GetDatabase().ExecuteAsync("FLUSHALL");
        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(next.Fence > held.Fence);
        Assert.False(await held.ExtendAsync());
    }

    [Fact]
    public async Task Waiters_survive_a_restart_of_the_server()
    {
        var first = await server.StartAnotherAsync();
        await using var holder = new RedisMutex(ServerFixture.SettingsOf(first), new MutexOptions { Lease = TimeSpan.FromSeconds(3) });
        await using var waiter = new RedisMutex(ServerFixture.SettingsOf(first));
        await using var held = await holder.AcquireAsync("x");
        var waiting = waiter.AcquireAsync("x", Long);
        await ServerFixture.UntilQueuedAsync(holder.Database, "x", 1);

        first.Dispose();
        using var second = await PrivateServer.StartAsync(first.Kind, first.Port, [], CancellationToken.None);
        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(next.Fence > held.Fence);
    }

    [Fact]
    public async Task A_server_that_stops_for_longer_than_the_lease_does_not_make_two_holders()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are Unix'");
        using var another = await server.StartAnotherAsync();
        Assert.SkipWhen(another.Kind.Name != ServerKind.RedisServer, "the process that was started is not the server itself");
        await using var holder = new RedisMutex(ServerFixture.SettingsOf(another), new MutexOptions { Lease = TimeSpan.FromSeconds(2) });
        await using var waiter = new RedisMutex(ServerFixture.SettingsOf(another));
        await using var held = await holder.AcquireAsync("x");
        var waiting = waiter.AcquireAsync("x", Long);
        await ServerFixture.UntilQueuedAsync(holder.Database, "x", 1);

        await ProcessSignal.StopAsync(another.ProcessId);
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = held.Lost.Register(lost.SetResult);
        await lost.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(waiting.IsCompleted);

        await ProcessSignal.ContinueAsync(another.ProcessId);
        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.False(held.IsHeld);
        Assert.True(next.Fence > held.Fence);
    }

    private static RedisMutex NewMutex(TcpProxy proxy, MutexOptions? options = null) =>
        new(proxy.Settings, options);

    // A server that does not know a script yet says so, and a connection subscribes before its second question; a test
    // that swallowed these replies would wait in vain.
    private async Task KnowScriptsAsync(RedisMutex mutex)
    {
        for (var i = 0; i < 2; i++)
        {
            // A scope: Lock takes a free lock without a script.
            await using var held = await mutex.AcquireAsync(server.NewResource());
            Assert.True(await held.ExtendAsync());
        }
    }

    private static async Task<bool> IsConnectedAsync(RedisMutex mutex)
    {
        try
        {
            await mutex.Database.PingAsync();
            return true;
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            return false;
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(30));
            await Task.Delay(5);
        }
    }
}

[Collection(OnGarnet.Name)]
public sealed class FaultOnGarnetTests(GarnetFixture server) : FaultTests(server);
