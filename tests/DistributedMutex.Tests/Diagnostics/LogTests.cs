using DistributedMutex.Diagnostics;
using DistributedMutex.Protocol;
using DistributedMutex.Tests.Servers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace DistributedMutex.Tests.Diagnostics;

public abstract class LogTests(ServerFixture server)
{
    [Fact]
    public async Task Acquired_and_released_are_logged_once_with_their_times_and_a_try_that_fails_not_at_all()
    {
        var resource = server.NewResource();
        var log = new FakeLogCollector();
        await using var mutex = server.NewMutex(new MutexOptions { LoggerFactory = log.ToFactory() });
        Assert.True(mutex.Lock(resource));
        Assert.False(await mutex.LockAsync(resource, TimeSpan.Zero));
        Assert.Throws<LockAcquisitionException>(() => mutex.Acquire(resource, TimeSpan.Zero));
        Assert.True(mutex.Unlock(resource));
        Assert.False(mutex.Unlock(resource));

        var entries = log.GetSnapshot();
        Assert.Equal([(LogLevel.Debug, "Acquired"), (LogLevel.Debug, "Released")], entries.Select(entry => (entry.Level, entry.Id.Name)));
        Assert.Matches($"^Acquired the lock {resource} after [0-9.]+ ms$", entries[0].Message);
        Assert.Matches($"^Released the lock {resource} after [0-9.]+ ms$", entries[1].Message);

        await using (await mutex.AcquireAsync(resource))
        {
            Assert.Matches($"^Acquired the lock {resource} after [0-9.]+ ms, with fence [0-9]+$", log.LatestRecord.Message);
        }
    }

    [Fact]
    public async Task A_lost_lock_is_a_warning_also_when_only_its_release_finds_out()
    {
        var resource = server.NewResource();
        var log = new FakeLogCollector();
        using var foreign = server.NewForeignClient();
        await using var mutex = server.NewMutex(new MutexOptions { LoggerFactory = log.ToFactory() });
        await using (var scope = await mutex.AcquireAsync(resource))
        {
            await foreign.Database.KeyDeleteAsync(new LockKeys(resource).Lock);
        }

        var lost = Assert.Single(log.GetSnapshot(), entry => entry.Level > LogLevel.Debug);
        Assert.Equal((LogLevel.Warning, "LockLost", resource), (lost.Level, lost.Id.Name, lost.Resource()));
    }

    [Fact]
    public async Task A_lock_that_could_not_be_released_is_one_error()
    {
        var log = new FakeLogCollector();
        using var another = await server.StartAnotherAsync();
        var mutex = new RedisMutex(ServerFixture.SettingsOf(another), new MutexOptions { LoggerFactory = log.ToFactory() });
        var scope = await mutex.AcquireAsync("x");
        another.Dispose();
        await scope.DisposeAsync();
        var failed = Assert.Single(log.GetSnapshot(), entry => entry.Level > LogLevel.Debug);
        Assert.Equal((LogLevel.Error, "ReleaseFailed", "x"), (failed.Level, failed.Id.Name, failed.Resource()));
        Assert.NotNull(failed.Exception);
        Assert.All(log.GetSnapshot(), entry => Assert.DoesNotContain(scope.Token, $"{entry.Message} {entry.Exception}", StringComparison.Ordinal));
        await mutex.DisposeAsync();
    }
}

[Collection(OnRedis.Name)]
public sealed class LogOnRedisTests(RedisFixture server) : LogTests(server);

[Collection(OnGarnet.Name)]
public sealed class LogOnGarnetTests(GarnetFixture server) : LogTests(server);

[Quick]
public sealed class LogEventTests
{
    // Filters and alerts of applications refer to these.
    [Fact]
    public void Events_keep_their_ids_names_and_levels()
    {
        var log = new FakeLogger();
        var error = new InvalidOperationException();
        Log.ReleaseFailed(log, error, "x");
        Log.LockLost(log, "x", 1);
        Log.RenewalFailed(log, error, "x");
        Log.AcquireFailed(log, error, "x");
        Log.LostCallbackThrew(log, error, "x");
        Log.Acquired(log, "x", 1, 1);
        Log.Released(log, "x", 1);
        Log.TimedOut(log, error, "x");
        Log.NotAcquired(log, error, "x");
        Log.NotHeld(log, "x");
        Log.NoSubscription(log, error);
        Log.AcquiredWithoutFence(log, "x", 1);
        Assert.Equal(
            [
                (1, "ReleaseFailed", LogLevel.Error),
                (2, "LockLost", LogLevel.Warning),
                (3, "RenewalFailed", LogLevel.Debug),
                (4, "AcquireFailed", LogLevel.Debug),
                (5, "LostCallbackThrew", LogLevel.Error),
                (6, "Acquired", LogLevel.Debug),
                (7, "Released", LogLevel.Debug),
                (8, "TimedOut", LogLevel.Error),
                (9, "NotAcquired", LogLevel.Error),
                (10, "NotHeld", LogLevel.Warning),
                (11, "NoSubscription", LogLevel.Warning),
                (12, "Acquired", LogLevel.Debug),
            ],
            log.Collector.GetSnapshot().Select(entry => (entry.Id.Id, entry.Id.Name!, entry.Level)));
        Assert.Equal(log.Collector.Count, typeof(Log).GetMethods().Count(method => method.IsStatic));
    }
}
