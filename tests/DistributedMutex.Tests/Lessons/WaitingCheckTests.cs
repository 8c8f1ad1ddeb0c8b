using System.Diagnostics;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Lessons;

/// <summary>The mistakes that the check of lesson 8 finds.</summary>
public abstract class WaitingCheckTests(ServerFixture server)
{
    [Fact]
    public async Task One_call_of_Lock_passes() =>
        await WaitingCheck.RunAsync((mutex, resource, patience) => mutex.Lock(resource, patience), server.Settings);

    [Fact]
    public async Task One_try_fails() => await FailsAsync("gave up", (mutex, resource, _) => mutex.Lock(resource, TimeSpan.Zero));

    [Fact]
    public async Task A_wait_in_slices_fails() => await FailsAsync("commands", (mutex, resource, patience) =>
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < patience)
        {
            if (mutex.Lock(resource, TimeSpan.FromMilliseconds(100)))
            {
                return true;
            }
        }

        return false;
    });

    [Fact]
    public async Task True_without_the_lock_fails() => await FailsAsync("it returned true", (mutex, resource, patience) =>
    {
        mutex.Lock(resource, patience);
        return true;
    });

    private async Task FailsAsync(string seen, Func<RedisMutex, string, TimeSpan, bool> lockInTurn)
    {
        var failure = await Assert.ThrowsAsync<CheckFailedException>(() => WaitingCheck.RunAsync(lockInTurn, server.Settings));
        Assert.Contains(seen, failure.Seen, StringComparison.Ordinal);
    }
}

[Collection(OnRedis.Name)]
public sealed class RedisWaitingCheckTests(RedisFixture server) : WaitingCheckTests(server);
