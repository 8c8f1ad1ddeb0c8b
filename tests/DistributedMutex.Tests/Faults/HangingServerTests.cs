using System.Diagnostics;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;
using StackExchange.Redis;

namespace DistributedMutex.Tests.Faults;

/// <summary>A server that hears and does not answer: a wait still bounds its call, and nothing hangs for ever.</summary>
public abstract class HangingServerTests(ServerFixture server)
{
    // Half a second is promised. The rest is for a busy machine.
    private static readonly TimeSpan Over = TimeSpan.FromSeconds(1.5);

    [Fact]
    public async Task No_call_takes_longer_than_its_wait_and_a_moment()
    {
        using var proxy = new TcpProxy(server.Settings);
        var calls = new List<(string Name, TimeSpan Wait, Func<Task<TimeSpan>> Call)>();
        await using var foreign = server.NewForeignClient();
        var mutexes = new List<RedisMutex>();
        foreach (var wait in new[] { TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(7) })
        {
            foreach (var isHeld in new[] { false, true })
            {
                calls.Add(("LockAsync", wait, await PrepareAsync(isHeld, (mutex, resource) => mutex.LockAsync(resource, wait))));
                calls.Add(("Lock", wait, await PrepareAsync(isHeld, (mutex, resource) => OnAThread(() => mutex.Lock(resource, wait)))));
                calls.Add(("TryAcquireAsync", wait, await PrepareAsync(isHeld, (mutex, resource) => mutex.TryAcquireAsync(resource, wait))));
                calls.Add(("Acquire", wait, await PrepareAsync(isHeld, (mutex, resource) => OnAThread(() => mutex.Acquire(resource, wait)))));
            }
        }

        proxy.HoldReplies();
        var took = await Task.WhenAll(calls.Select(call => call.Call()));
        proxy.ReleaseReplies();
        Assert.All(calls.Zip(took), call => Assert.True(call.Second < call.First.Wait + Over, $"{call.First.Name}, {call.First.Wait}: {call.Second}"));
        await Task.WhenAll(mutexes.Select(mutex => mutex.DisposeAsync().AsTask()));

        async Task<Func<Task<TimeSpan>>> PrepareAsync(bool isHeld, Func<RedisMutex, string, Task> locking)
        {
            // Some know scripts and messages, others meet the silence first.
            var (mutex, resource) = (new RedisMutex(proxy.Settings), server.NewResource());
            mutexes.Add(mutex);
            if (isHeld)
            {
                Assert.True(await foreign.Database.StringSetAsync("lock:" + resource, "theirs", TimeSpan.FromMinutes(1)));
                Assert.False(await mutex.LockAsync(resource, TimeSpan.FromMilliseconds(200)));
            }

            return async () =>
            {
                var started = Stopwatch.GetTimestamp();
                var thrown = await Record.ExceptionAsync(() => locking(mutex, resource));
                Assert.True(thrown is RedisException or TimeoutException, $"It can't know, and said so with {thrown}.");
                return Stopwatch.GetElapsedTime(started);
            };
        }
    }

    [Fact]
    public async Task A_waiter_that_sleeps_when_the_server_begins_to_hang_ends_in_time_too()
    {
        using var proxy = new TcpProxy(server.Settings);
        await using var holder = server.NewMutex();
        await using var mutex = new RedisMutex(proxy.Settings);
        await using var blocking = new RedisMutex(proxy.Settings);
        var resource = server.NewResource();
        Assert.True(await holder.LockAsync(resource));
        var wait = TimeSpan.FromSeconds(3);
        var started = Stopwatch.GetTimestamp();
        var waiting = mutex.LockAsync(resource, wait);
        var alsoWaiting = OnAThread(() => blocking.Lock(resource, wait));
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 2);
        proxy.HoldReplies();
        await Record.ExceptionAsync(() => Task.WhenAll(waiting, alsoWaiting));
        Assert.InRange(Stopwatch.GetElapsedTime(started), wait, wait + Over);
        proxy.ReleaseReplies();

        // They have left the queue behind them, as soon as they could.
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 0);
    }

    [Fact]
    public async Task What_gives_back_takes_no_longer_than_the_connection_waits_for_a_reply()
    {
        using var proxy = new TcpProxy(server.Settings);
        await using var impatient = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions
        {
            EndPoints = { { proxy.Settings.Host, proxy.Settings.Port } },
            SyncTimeout = 1000,
            AsyncTimeout = 1000,
        });
        var calls = new List<(string Name, TimeSpan Bound, Func<Task> Call)>();
        await AddAsync("Unlock", (mutex, resource, _) => OnAThread(() => mutex.Unlock(resource)));
        await AddAsync("UnlockAsync", (mutex, resource, _) => mutex.UnlockAsync(resource));
        await AddAsync("Dispose", (_, _, held) => OnAThread(held.Dispose));
        await AddAsync("DisposeAsync", (_, _, held) => held.DisposeAsync().AsTask());
        await AddAsync("Dispose of the mutex", (mutex, _, _) => OnAThread(mutex.Dispose));
        await AddAsync("DisposeAsync of the mutex", (mutex, _, _) => mutex.DisposeAsync().AsTask());
        await AddAsync("Dispose of a mutex with a connection of its own", (mutex, _, _) => OnAThread(mutex.Dispose), isOwn: true);
        await AddAsync("DisposeAsync of a mutex with a connection of its own", (mutex, _, _) => mutex.DisposeAsync().AsTask(), isOwn: true);

        proxy.HoldReplies();
        var took = await Task.WhenAll(calls.Select(async call =>
        {
            var started = Stopwatch.GetTimestamp();
            await Record.ExceptionAsync(call.Call);
            return Stopwatch.GetElapsedTime(started);
        }));
        Assert.All(calls.Zip(took), call => Assert.True(call.Second < call.First.Bound, $"{call.First.Name}: {call.Second}"));

        async Task AddAsync(string name, Func<RedisMutex, string, MutexLock, Task> call, bool isOwn = false)
        {
            var (mutex, resource) = (isOwn ? new RedisMutex(proxy.Settings) : new RedisMutex(impatient), server.NewResource());
            Assert.True(await mutex.LockAsync(resource));
            var held = await mutex.AcquireAsync(server.NewResource());

            // The connection looks once a second for replies that are late, and waits once more before it closes.
            calls.Add((name, TimeSpan.FromSeconds(isOwn ? 14 : 4), () => call(mutex, resource, held)));
        }
    }

    private static Task OnAThread(Action call) =>
        Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}

public sealed class HangingServerOnRedisTests(OwnRedisFixture server) : HangingServerTests(server), IClassFixture<OwnRedisFixture>
{
    [Fact]
    public async Task A_server_that_is_stopped_bounds_no_wait_and_goes_on_as_if_nothing_had_been()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are Unix'");
        using var another = await Server.StartAnotherAsync();
        await using var mutex = new RedisMutex(ServerFixture.SettingsOf(another));
        await using var other = new RedisMutex(ServerFixture.SettingsOf(another));
        Assert.True(await mutex.LockAsync("x"));
        Assert.True(await mutex.UnlockAsync("x"));

        await ProcessSignal.StopAsync(another.ProcessId);
        var started = Stopwatch.GetTimestamp();
        await Assert.ThrowsAsync<TimeoutException>(() => mutex.LockAsync("x", TimeSpan.FromSeconds(1)));
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(2.5), $"{Stopwatch.GetElapsedTime(started)}");
        await ProcessSignal.ContinueAsync(another.ProcessId);

        // The question that nobody waits for any more took the lock; it is given back.
        Assert.True(await other.LockAsync("x", TimeSpan.FromSeconds(5)));
    }

    private OwnRedisFixture Server { get; } = server;
}

public sealed class HangingServerOnGarnetTests(GarnetFixture server) : HangingServerTests(server), IClassFixture<GarnetFixture>;
