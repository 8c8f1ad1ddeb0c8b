using DistributedMutex.Protocol;
using DistributedMutex.Services;
using DistributedMutex.Tests.Diagnostics;
using DistributedMutex.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace DistributedMutex.Tests.Services;

public abstract class ServiceFaultTests(ServerFixture server)
{
    [Fact]
    public async Task Who_is_told_late_of_a_lock_that_is_lost_by_then_does_nothing_to_whoever_holds_it_since()
    {
        var key = server.NewResource();
        var (told, goOn) = (new TaskCompletionSource(), new ManualResetEventSlim());
        var first = 1;
        var log = FakeLogs.Create(whenLogged: name =>
        {
            if (name == "Acquired" && Interlocked.Exchange(ref first, 0) == 1)
            {
                told.SetResult();
                goOn.Wait();
            }
        });
        await using var services = new ServiceCollection().AddSingleton(server.Settings).AddSingleton(log.ToFactory())
            .AddDistributedMutex(options => (options.Lease, options.Wait) = (TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(1))).BuildServiceProvider();
        var mutex = services.GetRequiredService<IDistributedMutex>();
        var late = Task.Run(() => mutex.AcquireAsync(key));
        await told.Task;
        Assert.True(await mutex.AcquireAsync(key));
        goOn.Set();
        await late;
        Assert.True(await mutex.ReleaseAsync(key));
    }

    [Fact]
    public async Task A_health_check_that_is_given_up_leaves_no_lock_behind()
    {
        using var giveUp = new CancellationTokenSource();
        var log = FakeLogs.Create(whenLogged: name =>
        {
            if (name == "Acquired")
            {
                giveUp.Cancel();
            }
        });
        await using var services = new ServiceCollection().AddSingleton(server.Settings).AddSingleton(log.ToFactory())
            .AddDistributedMutex().BuildServiceProvider();
        var check = new MutexHealthCheck(services.GetRequiredService<MutexConnection>(), TimeProvider.System);
        var context = new HealthCheckContext { Registration = new HealthCheckRegistration("x", check, null, null) };
        try
        {
            await check.CheckHealthAsync(context, giveUp.Token);
        }
        catch (OperationCanceledException)
        {
            // The result is not what counts.
        }

        Assert.Equal(["Acquired", "Released"], log.GetSnapshot().Select(entry => entry.Id.Name));
        using var foreign = server.NewForeignClient();
        Assert.False(await foreign.Database.KeyExistsAsync(new LockKeys(MutexHealthCheck.Resource).Lock));
    }
}

[Collection(OnRedis.Name)]
public sealed class ServiceFaultsOnRedisTests(RedisFixture server) : ServiceFaultTests(server);

[Collection(OnGarnet.Name)]
public sealed class ServiceFaultsOnGarnetTests(GarnetFixture server) : ServiceFaultTests(server);

[Quick]
public sealed class ServiceConnectionTests
{
    [Fact]
    public async Task A_connection_that_fails_after_everybody_has_left_is_not_reported_as_unobserved()
    {
        var message = Guid.NewGuid().ToString();
        var unobserved = 0;
        EventHandler<UnobservedTaskExceptionEventArgs> count = (_, e) => unobserved += e.Exception.ToString().Contains(message, StringComparison.Ordinal) ? 1 : 0;
        TaskScheduler.UnobservedTaskException += count;
        try
        {
            var opening = await LeaveAsync(message);
            while (opening.IsAlive)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                await Task.Delay(10);
            }

            GC.Collect();
            GC.WaitForPendingFinalizers();
            Assert.Equal(0, unobserved);
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= count;
        }
    }

    private static async Task<WeakReference> LeaveAsync(string message)
    {
        using var fail = new ManualResetEventSlim();
        var failing = new TaskCompletionSource();
        var services = new ServiceCollection().AddSingleton<IConnectionMultiplexer>(_ =>
        {
            fail.Wait();
            failing.SetResult();
            throw new InvalidOperationException(message);
        }).AddDistributedMutex().BuildServiceProvider();
        using var stop = new CancellationTokenSource();
        var acquiring = services.GetRequiredService<IDistributedMutex>().AcquireAsync("x", stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => acquiring);
        fail.Set();
        await failing.Task;
        return new WeakReference(services.GetRequiredService<MutexConnection>());
    }
}
