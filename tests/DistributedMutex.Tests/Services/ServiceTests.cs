using DistributedMutex.Protocol;
using DistributedMutex.Services;
using DistributedMutex.Tests.Diagnostics;
using DistributedMutex.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace DistributedMutex.Tests.Services;

public abstract class ServiceTests(ServerFixture server)
{
    private readonly FakeLogCollector _log = new();

    [Fact]
    public async Task Many_callers_of_one_key_queue_up_and_none_loses_its_lock()
    {
        var tenant = server.NewResource();
        await using var services = NewServices();
        var mutex = services.GetRequiredService<IDistributedMutex>();
        var (inside, counter) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 40).Select(number => Task.Run(async () =>
        {
            Assert.True(await mutex.AcquireAsync($"tenant:{tenant}:resource:{number % 2}"));
            Assert.InRange(Interlocked.Increment(ref inside), 1, 2);
            counter++;
            await Task.Yield();
            Interlocked.Decrement(ref inside);
            Assert.True(await mutex.ReleaseAsync($"tenant:{tenant}:resource:{number % 2}"));
        })));
        Assert.InRange(counter, 20, 40);
        Assert.Equal(0, Held(services));
        Assert.Empty(Errors);
    }

    [Fact]
    public async Task A_second_call_in_the_same_method_waits_for_the_first_to_be_released()
    {
        var key = server.NewResource();
        await using var services = NewServices();
        var mutex = services.GetRequiredService<IDistributedMutex>();
        Assert.True(await mutex.AcquireAsync(key));
        var second = mutex.AcquireAsync(key);
        Assert.True(await mutex.ReleaseAsync(key));
        Assert.True(await second);
        Assert.Equal(1, Held(services));
        Assert.True(await mutex.ReleaseAsync(key));
        Assert.False(await mutex.ReleaseAsync(key));
        var warning = Assert.Single(Errors);
        Assert.Equal((LogLevel.Warning, "NotHeld", key), (warning.Level, warning.Id.Name, warning.Resource()));
    }

    [Fact]
    public async Task Who_waits_too_long_is_told_and_an_error_is_logged()
    {
        var key = server.NewResource();
        await using var services = NewServices(options => options.Wait = TimeSpan.FromMilliseconds(200));
        await using var other = server.NewMutex();
        await using var held = await other.AcquireAsync(key);
        Assert.False(await services.GetRequiredService<IDistributedMutex>().AcquireAsync(key));
        var error = Assert.Single(Errors);
        Assert.Equal((LogLevel.Error, "TimedOut", key), (error.Level, error.Id.Name, error.Resource()));
        Assert.Contains(held.Token.Split(':')[0], error.Exception!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(held.Token, error.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_cancels_leaves_nothing_behind()
    {
        var key = server.NewResource();
        await using var services = NewServices();
        var mutex = services.GetRequiredService<IDistributedMutex>();
        await using var other = server.NewMutex();
        var held = await other.AcquireAsync(key);
        using var stop = new CancellationTokenSource();
        var waiting = mutex.AcquireAsync(key, stop.Token);
        await stop.CancelAsync();
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(stop.Token, thrown.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => mutex.AcquireAsync(key, stop.Token));
        Assert.True(await held.ReleaseAsync());
        Assert.True(await other.LockAsync(key, TimeSpan.FromSeconds(5)));
        Assert.Equal(0, Held(services));
    }

    [Fact]
    public async Task Who_was_refused_the_lock_and_releases_it_all_the_same_does_nothing_to_its_holder()
    {
        var key = server.NewResource();
        await using var services = NewServices(options => options.Wait = TimeSpan.Zero);
        var mutex = services.GetRequiredService<IDistributedMutex>();
        await using var other = server.NewMutex();
        var (holds, done) = (new TaskCompletionSource(), new TaskCompletionSource());
        var holder = Task.Run(async () =>
        {
            Assert.True(await mutex.AcquireAsync(key));
            holds.SetResult();
            await done.Task;
            Assert.True(await mutex.ReleaseAsync(key));
        });
        await await Task.WhenAny(holds.Task, holder);

        Assert.False(await mutex.AcquireAsync(key));
        Assert.False(await mutex.ReleaseAsync(key));
        Assert.True(await other.IsLockedAsync(key));
        done.SetResult();
        await holder;
        Assert.False(await other.IsLockedAsync(key));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_was_refused_through_an_async_helper_does_nothing_to_the_holder_in_its_finally(bool alsoCancelled)
    {
        var key = server.NewResource();
        await using var services = NewServices(options => options.Wait = alsoCancelled ? TimeSpan.FromMinutes(1) : TimeSpan.Zero);
        var mutex = services.GetRequiredService<IDistributedMutex>();
        await using var other = server.NewMutex();
        Assert.True(await mutex.AcquireAsync(key));
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        for (var i = 0; i < 2; i++)
        {
            await InAnotherRequestAsync(async () =>
            {
                try
                {
                    Assert.False(await HelpAsync());
                }
                catch (OperationCanceledException) when (alsoCancelled)
                {
                }
                finally
                {
                    Assert.False(await mutex.ReleaseAsync(key));
                }
            });
        }

        Assert.True(await other.IsLockedAsync(key));
        Assert.True(await mutex.ReleaseAsync(key));
        Assert.False(await other.IsLockedAsync(key));

        static Task InAnotherRequestAsync(Func<Task> work)
        {
            using var noContext = ExecutionContext.SuppressFlow();
            return Task.Run(work);
        }

        async Task<bool> HelpAsync() => await mutex.AcquireAsync(key, alsoCancelled ? soon.Token : CancellationToken.None);
    }

    [Fact]
    public async Task A_handle_is_released_by_itself_and_never_by_its_key()
    {
        var key = server.NewResource();
        await using var services = NewServices();
        var mutex = services.GetRequiredService<IDistributedMutex>();
        await using var other = server.NewMutex();
        await using (var held = await mutex.TryAcquireAsync(key))
        {
            Assert.True(held!.IsHeld);
            Assert.False(await mutex.ReleaseAsync(key));
            Assert.False(await Task.Run(() => mutex.ReleaseAsync(key)));
            Assert.Null(await mutex.TryAcquireAsync(key, TimeSpan.Zero));
            Assert.True(await other.IsLockedAsync(key));
        }

        Assert.False(await other.IsLockedAsync(key));
        Assert.All(Errors, entry => Assert.Equal("NotHeld", entry.Id.Name));
        Assert.Equal("wait", (await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => mutex.TryAcquireAsync(key, TimeSpan.FromSeconds(-2)))).ParamName);
    }

    [Fact]
    public async Task Locks_without_a_fence_are_taken_and_released_as_any()
    {
        var key = server.NewResource();
        await using var services = NewServices(options => options.Fence = false);
        var mutex = services.GetRequiredService<IDistributedMutex>();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(async () =>
        {
            Assert.True(await mutex.AcquireAsync(key));
            Assert.True(await mutex.ReleaseAsync(key));
        })));
        Assert.Equal(0, Held(services));
    }

    [Fact]
    public async Task Who_lost_the_lock_and_releases_it_late_does_nothing_to_whoever_holds_it_since()
    {
        var key = server.NewResource();
        using var foreign = server.NewForeignClient();
        await using var services = NewServices(options => options.Lease = TimeSpan.FromMilliseconds(600));
        var mutex = services.GetRequiredService<IDistributedMutex>();
        var (holds, late) = (new TaskCompletionSource(), new TaskCompletionSource());
        var loser = Task.Run(async () =>
        {
            Assert.True(await mutex.AcquireAsync(key));
            holds.SetResult();
            await late.Task;
            Assert.False(await mutex.ReleaseAsync(key));
        });
        await await Task.WhenAny(holds.Task, loser);
        await foreign.Database.KeyDeleteAsync(new LockKeys(key).Lock);

        // It waits behind the loser until a renewal, or the deadline, tells.
        Assert.True(await mutex.AcquireAsync(key));
        late.SetResult();
        await loser;
        Assert.Equal(1, Held(services));
        Assert.True(await foreign.Database.KeyExistsAsync(new LockKeys(key).Lock));
        Assert.True(await mutex.ReleaseAsync(key));
        Assert.Equal(0, Held(services));
        Assert.Equal(["LockLost", "NotHeld"], Errors.Select(entry => entry.Id.Name));
    }

    [Fact]
    public async Task A_lock_may_be_released_by_another_method_than_acquired_it()
    {
        var key = server.NewResource();
        await using var services = NewServices();
        var mutex = services.GetRequiredService<IDistributedMutex>();
        Assert.True(await AcquireAsync());
        Assert.True(await Task.Run(() => mutex.ReleaseAsync(key)));
        Assert.Equal(0, Held(services));

        async Task<bool> AcquireAsync() => await mutex.AcquireAsync(key);
    }

    [Fact]
    public async Task A_lock_outlives_its_lease_but_not_MaxHold_and_is_then_forgotten()
    {
        var key = server.NewResource();
        await using var services = NewServices(options =>
            (options.Lease, options.MaxHold) = (TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(1500)));
        var mutex = services.GetRequiredService<IDistributedMutex>();
        await using var other = server.NewMutex();
        Assert.True(await mutex.AcquireAsync(key));
        Assert.False(await other.LockAsync(key, TimeSpan.FromMilliseconds(800)));
        Assert.True(await other.LockAsync(key, TimeSpan.FromSeconds(30)));
        await UntilAsync(() => Held(services) == 0);
        Assert.False(await mutex.ReleaseAsync(key));
        Assert.Equal(["LockLost", "NotHeld"], Errors.Select(entry => entry.Id.Name));
    }

    [Fact]
    public async Task Disposing_the_container_releases_what_is_held_and_ends_who_waits()
    {
        var key = server.NewResource();
        await using var other = server.NewMutex();
        var services = NewServices();
        var mutex = services.GetRequiredService<IDistributedMutex>();
        Assert.True(await mutex.AcquireAsync(key));
        var waiting = mutex.AcquireAsync(key);
        await services.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => mutex.AcquireAsync(key));
        Assert.False(await other.IsLockedAsync(key));
        await UntilAsync(() => ((ServiceMutex)mutex).Held == 0);
    }

    [Fact]
    public async Task A_blank_key_is_an_error()
    {
        await using var services = NewServices();
        var mutex = services.GetRequiredService<IDistributedMutex>();
        Assert.Equal("key", (await Assert.ThrowsAnyAsync<ArgumentException>(() => mutex.AcquireAsync(" "))).ParamName);
        Assert.Equal("key", (await Assert.ThrowsAnyAsync<ArgumentException>(() => mutex.ReleaseAsync(""))).ParamName);
    }

    [Fact]
    public async Task A_strategy_ends_the_asking_for_a_lock_that_a_foreign_client_holds_and_not_the_wait_for_one_of_ours()
    {
        var (foreigns, ours) = (server.NewResource(), server.NewResource());
        using var foreign = server.NewForeignClient();
        await foreign.Database.StringSetAsync(new LockKeys(foreigns).Lock, "somebody", TimeSpan.FromMinutes(5));
        await using var other = server.NewMutex();
        foreach (var strategy in new[]
        {
            RetryStrategy.None,
            RetryStrategy.Linear(TimeSpan.FromMilliseconds(20)).Limit(3),
            RetryStrategy.Exponential(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(40)).Limit(4),
        })
        {
            await using var services = NewServices(options => (options.Wait, options.RetryStrategy) = (Timeout.InfiniteTimeSpan, strategy));
            var mutex = services.GetRequiredService<IDistributedMutex>();
            Assert.False(await mutex.AcquireAsync(foreigns).WaitAsync(TimeSpan.FromMinutes(1)));

            var held = await other.AcquireAsync(ours);
            var waiting = mutex.AcquireAsync(ours);
            await ServerFixture.UntilQueuedAsync(foreign.Database, ours, 1);
            Assert.True(await held.ReleaseAsync());
            Assert.True(await waiting.WaitAsync(TimeSpan.FromMinutes(1)));
        }
    }

    private IEnumerable<FakeLogRecord> Errors => _log.GetSnapshot().Where(entry => entry.Level > LogLevel.Debug);

    private static int Held(IServiceProvider services) => ((ServiceMutex)services.GetRequiredService<IDistributedMutex>()).Held;

    private static async Task UntilAsync(Func<bool> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(30));
            await Task.Delay(5);
        }
    }

    private ServiceProvider NewServices(Action<MutexOptions>? configure = null) => new ServiceCollection()
        .AddSingleton(server.Settings)
        .AddSingleton(_log.ToFactory())
        .AddDistributedMutex(configure)
        .BuildServiceProvider();
}

[Collection(OnRedis.Name)]
public sealed class ServiceOnRedisTests(RedisFixture server) : ServiceTests(server);

[Quick]
[Collection(OnGarnet.Name)]
public sealed class ServiceOnGarnetTests(GarnetFixture server) : ServiceTests(server);
