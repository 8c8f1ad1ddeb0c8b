using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Lessons;

/// <summary>The mistakes that the check of lesson 9 finds.</summary>
public abstract class ServiceCheckTests(ServerFixture server)
{
    [Fact]
    public async Task A_charge_without_a_lock_fails() => await FailsAsync("there was no lock", async (_, _, charge) =>
    {
        await charge();
        return true;
    });

    [Fact]
    public async Task A_charge_without_having_looked_fails() => await FailsAsync("it was charged 1 times", async (mutex, order, charge) =>
    {
        await mutex.AcquireAsync($"order:{order}");
        try
        {
            await charge();
        }
        finally
        {
            await mutex.ReleaseAsync($"order:{order}");
        }

        return true;
    });

    [Fact]
    public async Task A_release_of_what_was_not_acquired_fails() => await FailsAsync("the log has a warning", async (mutex, order, charge) =>
    {
        try
        {
            if (!await mutex.AcquireAsync($"order:{order}"))
            {
                return false;
            }

            await charge();
            return true;
        }
        finally
        {
            await mutex.ReleaseAsync($"order:{order}");
        }
    });

    [Fact]
    public async Task One_lock_for_all_orders_fails()
    {
        // Under a lock of its own as well, or the first step would find it.
        var all = server.NewResource();
        await FailsAsync("another order", async (mutex, order, charge) =>
        {
            if (!await mutex.AcquireAsync($"order:{order}"))
            {
                await mutex.AcquireAsync(all);
                return false;
            }

            try
            {
                if (!await mutex.AcquireAsync(all))
                {
                    return false;
                }

                try
                {
                    await charge();
                    return true;
                }
                finally
                {
                    await mutex.ReleaseAsync(all);
                }
            }
            finally
            {
                await mutex.ReleaseAsync($"order:{order}");
            }
        });
    }

    private async Task FailsAsync(string seen, Func<IDistributedMutex, int, Func<Task>, Task<bool>> payOnce)
    {
        var failure = await Assert.ThrowsAsync<CheckFailedException>(() => ServiceCheck.RunAsync(payOnce, server.Settings));
        Assert.Contains(seen, failure.Seen, StringComparison.Ordinal);
    }
}

[Collection(OnRedis.Name)]
public sealed class RedisServiceCheckTests(RedisFixture server) : ServiceCheckTests(server);
