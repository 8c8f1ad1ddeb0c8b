using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using StackExchange.Redis;

namespace DistributedMutex.Tests.Faults;

/// <summary>A server that answers, and says no: for ever, since a right is missing, or for now.</summary>
public sealed class RefusalTests(OwnRedisFixture server) : IClassFixture<OwnRedisFixture>
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_user_without_rights_on_channels_locks_and_waits_all_the_same()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await admin.GetDatabase().ExecuteAsync("ACL", "SETUSER", "app", "on", ">secret", "~*", "resetchannels", "+@all");
        var settings = ServerFixture.SettingsOf(another) with { User = "app", Password = "secret" };
        await using var first = new RedisMutex(settings);
        await using var second = new RedisMutex(settings);

        Assert.True(await first.LockAsync("x"));
        Assert.False(await second.LockAsync("x", TimeSpan.FromMilliseconds(300)));
        var waiting = second.LockAsync("x", Long);
        var blocking = Task.Factory.StartNew(() => second.Lock("y", Long), TaskCreationOptions.LongRunning);
        Assert.True(await blocking.WaitAsync(Long));
        await Task.Delay(300);
        Assert.False(waiting.IsCompleted);
        Assert.True(await first.UnlockAsync("x"));
        Assert.True(await waiting.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.True(await second.UnlockAsync("x"));

        await using var held = await first.AcquireAsync("z");
        var scope = second.AcquireAsync("z", Long);
        await Task.Delay(300);
        Assert.False(scope.IsCompleted);
        Assert.True(await held.ReleaseAsync());
        await using var next = await scope.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.True(next.Fence > held.Fence);
    }

    [Fact]
    public async Task A_user_without_rights_on_channels_releases_a_lock_that_others_wait_for()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await admin.GetDatabase().ExecuteAsync("ACL", "SETUSER", "app", "on", ">secret", "~*", "resetchannels", "+@all");
        await using var mute = new RedisMutex(ServerFixture.SettingsOf(another) with { User = "app", Password = "secret" }, new MutexOptions { Lease = TimeSpan.FromSeconds(3) });
        await using var waiter = new RedisMutex(ServerFixture.SettingsOf(another));
        await using var held = await mute.AcquireAsync("x");
        var waiting = waiter.AcquireAsync("x", Long);
        await ServerFixture.UntilQueuedAsync(admin.GetDatabase(), "x", 1);

        // It can't tell the waiter, which asks when the lease would have ended.
        Assert.True(await held.ReleaseAsync());
        Assert.False(await mute.IsLockedAsync("x"));
        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(6));
        Assert.True(next.Fence > held.Fence);
    }

    [Fact]
    public async Task A_server_that_is_loading_is_asked_again_until_the_wait_is_over()
    {
        using var folder = new TemporaryFolder();
        using var another = await server.StartAnotherAsync(
            "--dir", folder.Path, "--enable-debug-command", "yes", "--key-load-delay", "20000", "--loading-process-events-interval-bytes", "1024");
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await admin.GetDatabase().StringSetAsync([.. Enumerable.Range(0, 150).Select(number => KeyValuePair.Create((RedisKey)$"key:{number}", (RedisValue)new string('x', 100)))]);
        await using var mutex = new RedisMutex(ServerFixture.SettingsOf(another));
        Assert.True(await mutex.LockAsync("x"));
        Assert.True(await mutex.UnlockAsync("x"));

        using var reloader = ServerFixture.ConnectAsAdmin(another);
        var reloading = reloader.GetServer(reloader.GetEndPoints()[0]).ExecuteAsync("DEBUG", "RELOAD");
        await UntilRefusedAsync(admin, "LOADING");
        Assert.True(await Record.ExceptionAsync(() => mutex.LockAsync("x", TimeSpan.FromMilliseconds(100))) is RedisException or TimeoutException);
        Assert.True(await mutex.LockAsync("x", TimeSpan.FromSeconds(20)));
        Assert.True(await mutex.UnlockAsync("x"));
        await Record.ExceptionAsync(() => reloading);
    }

    [Fact]
    public async Task A_server_that_is_busy_with_a_script_is_asked_again_until_the_wait_is_over()
    {
        using var another = await server.StartAnotherAsync("--busy-reply-threshold", "50");
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await using var mutex = new RedisMutex(ServerFixture.SettingsOf(another));
        await using var held = await mutex.AcquireAsync("held");

        using var looping = ServerFixture.ConnectAsAdmin(another);
        var loop = looping.GetDatabase().ExecuteAsync("EVAL", "while true do end", "0");
        await UntilRefusedAsync(admin, "BUSY");
        Assert.True(await Record.ExceptionAsync(() => mutex.LockAsync("x", TimeSpan.FromMilliseconds(100))) is RedisException or TimeoutException);
        var (waiting, releasing) = (mutex.LockAsync("x", TimeSpan.FromSeconds(20)), held.DisposeAsync().AsTask());
        await Task.Delay(300);
        await admin.GetServer(admin.GetEndPoints()[0]).ExecuteAsync("SCRIPT", "KILL");
        Assert.True(await waiting.WaitAsync(Long));
        await releasing;
        await UntilAsync(async () => !await mutex.IsLockedAsync("held"));
        await Record.ExceptionAsync(() => loop);
    }

    [Fact]
    public async Task A_replica_is_asked_again_until_it_is_the_master()
    {
        using var servers = await MasterAndReplica.StartAsync(server);
        await using var mutex = new RedisMutex(servers.Replica);
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => mutex.LockAsync("x", TimeSpan.FromMilliseconds(100)));
        Assert.True(refused is RedisException, refused.ToString());
        var waiting = mutex.LockAsync("x", Long);
        await Task.Delay(300);
        await servers.FailOverAsync();
        Assert.True(await waiting.WaitAsync(TimeSpan.FromSeconds(15)));
    }

    [Fact]
    public async Task A_release_that_was_refused_is_sent_again_for_as_long_as_the_lease_lasts()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await admin.GetDatabase().ExecuteAsync("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all");
        await using var mutex = new RedisMutex(ServerFixture.SettingsOf(another) with { User = "app", Password = "secret" }, new MutexOptions { Lease = Long });
        await using var next = new RedisMutex(ServerFixture.SettingsOf(another));
        await using var held = await mutex.AcquireAsync("x");
        await admin.GetDatabase().ExecuteAsync("ACL", "SETUSER", "app", "-@scripting");

        // The caller is told; the lock must not stay for the rest of its minute when the rights are back.
        await Assert.ThrowsAsync<RedisServerException>(() => held.ReleaseAsync());
        await admin.GetDatabase().ExecuteAsync("ACL", "SETUSER", "app", "+@all");
        Assert.True(await next.LockAsync("x", TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_server_without_memory_refuses_a_wait_and_still_takes_a_lock_back()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await using var holder = new RedisMutex(ServerFixture.SettingsOf(another));
        await using var waiter = new RedisMutex(ServerFixture.SettingsOf(another));
        await using var held = await holder.AcquireAsync("x");
        await using var alone = await holder.AcquireAsync("alone");
        var waiting = waiter.AcquireAsync("x", Long);
        await ServerFixture.UntilQueuedAsync(admin.GetDatabase(), "x", 1);
        await admin.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory", "1");

        await Assert.ThrowsAnyAsync<RedisServerException>(() => waiter.LockAsync("y", TimeSpan.FromSeconds(1)));
        Assert.True(await alone.ReleaseAsync());
        await held.DisposeAsync();
        await admin.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(next.IsHeld);
    }

    private static Task UntilRefusedAsync(ConnectionMultiplexer admin, string word) => UntilAsync(async () =>
    {
        var refused = await Record.ExceptionAsync(() => admin.GetDatabase().StringGetAsync("key:0"));
        return refused?.Message.Contains(word, StringComparison.Ordinal) == true;
    });

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
