using DistributedMutex.Workshop;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DistributedMutex.TestProcess.Answers;

/// <summary>Answers to the exercises of lesson 9.</summary>
internal static class Lesson9
{
    /// <summary>Charge an order under its lock, or not at all.</summary>
    public static IEnumerable<Answer> PayOnce()
    {
        yield return Right("released in a finally", async (mutex, order, charge) =>
        {
            if (!await mutex.AcquireAsync($"order:{order}"))
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
                await mutex.ReleaseAsync($"order:{order}");
            }
        });
        yield return Right("the key in a variable", async (mutex, order, charge) =>
        {
            var key = "order:" + order;
            var held = await mutex.AcquireAsync(key);
            try
            {
                if (held)
                {
                    await charge();
                }
            }
            finally
            {
                if (held)
                {
                    await mutex.ReleaseAsync(key);
                }
            }

            return held;
        });
        yield return Wrong("no lock", "there was no lock", async (_, _, charge) =>
        {
            await charge();
            return true;
        });
        yield return Wrong("charges nobody", "charged 0 times", (_, _, _) => Task.FromResult(false));
        yield return Wrong("charges twice", "charged 2 times", async (mutex, order, charge) =>
        {
            await mutex.AcquireAsync($"order:{order}");
            await charge();
            await charge();
            return await mutex.ReleaseAsync($"order:{order}");
        });
        yield return Wrong("never releases", "you never released", async (mutex, order, charge) =>
        {
            var held = await mutex.AcquireAsync($"order:{order}");
            if (held)
            {
                await charge();
            }

            return held;
        });
        yield return Wrong("no finally", "the bank failed, and the lock was still there", async (mutex, order, charge) =>
        {
            if (!await mutex.AcquireAsync($"order:{order}"))
            {
                return false;
            }

            await charge();
            await mutex.ReleaseAsync($"order:{order}");
            return true;
        });
        yield return Wrong("swallows", "did not hear of it", async (mutex, order, charge) =>
        {
            if (!await mutex.AcquireAsync($"order:{order}"))
            {
                return false;
            }

            try
            {
                await charge();
                return true;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
            finally
            {
                await mutex.ReleaseAsync($"order:{order}");
            }
        });
        yield return Wrong("does not look", "it was charged 1 times", async (mutex, order, charge) =>
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
        yield return Wrong("throws if it cannot be had", "your code threw TimeoutException", async (mutex, order, charge) =>
        {
            if (!await mutex.AcquireAsync($"order:{order}"))
            {
                throw new TimeoutException();
            }

            try
            {
                await charge();
                return true;
            }
            finally
            {
                await mutex.ReleaseAsync($"order:{order}");
            }
        });
        yield return Wrong("releases what it did not acquire", "the log has a warning", async (mutex, order, charge) =>
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
        yield return Wrong("another key", "there was no lock", async (mutex, order, charge) =>
        {
            if (!await mutex.AcquireAsync("order"))
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
                await mutex.ReleaseAsync("order");
            }
        });

        // As one lock for all orders would: the first step would find that by its name.
        var stuck = false;
        yield return Wrong("an order waits for another", "another order", async (mutex, order, charge) =>
        {
            if (!await mutex.AcquireAsync($"order:{order}"))
            {
                stuck = true;
                return false;
            }

            try
            {
                if (stuck)
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

        static Answer Right(string name, Func<IDistributedMutex, int, Func<Task>, Task<bool>> code) => Answer.Right(name, () => ServiceCheck.RunAsync(code));
        static Answer Wrong(string name, string seen, Func<IDistributedMutex, int, Func<Task>, Task<bool>> code) => Answer.Wrong(name, seen, () => ServiceCheck.RunAsync(code));
    }

    /// <summary>Configure a service.</summary>
    public static IEnumerable<Answer> Configure()
    {
        yield return Right("one after the other", services =>
        {
            services.AddDistributedMutex(options => (options.Wait, options.MaxHold) = (TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1)));
            services.AddHealthChecks().AddDistributedMutex();
        });
        yield return Right("the health check alone adds the mutex", services =>
        {
            services.AddHealthChecks().AddDistributedMutex("lock");
            services.Configure<MutexOptions>(options => (options.Wait, options.MaxHold) = (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(60)));
        });
        yield return Wrong("nothing", "the container has no IDistributedMutex", _ => { });
        yield return Wrong("the options as they are", "callers wait for 5 s", services => services.AddDistributedMutex().AddHealthChecks().AddDistributedMutex());
        yield return Wrong("no bound", "a lock is held without end", services => services.AddDistributedMutex(options => (options.Wait, options.MaxHold) = (TimeSpan.FromSeconds(2), null)));
        yield return Wrong("an hour, as it stands", "a lock is held for 60 minutes", services => services.AddDistributedMutex(options => options.Wait = TimeSpan.FromSeconds(2)));
        yield return Wrong("the lease for the hold", "a lock is held for 60 minutes", services => services.AddDistributedMutex(options => (options.Wait, options.Lease) = (TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1))));
        yield return Wrong("no health check", "there is no health check", services => services.AddDistributedMutex(options => (options.Wait, options.MaxHold) = (TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1))));
        yield return Wrong("health checks, and none of them", "there is no health check", services =>
        {
            services.AddDistributedMutex(options => (options.Wait, options.MaxHold) = (TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1)));
            services.AddHealthChecks();
        });
        yield return Wrong("a health check that takes no lock", "no health check takes a lock", services =>
        {
            services.AddDistributedMutex(options => (options.Wait, options.MaxHold) = (TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1)));
            services.AddHealthChecks().AddCheck("mine", () => HealthCheckResult.Healthy());
        });
        yield return Wrong("not done yet", "your code threw NotImplementedException", _ => throw new NotImplementedException());

        static Answer Right(string name, Action<IServiceCollection> code) => Answer.Right(name, () => ConfigureCheck.RunAsync(code));
        static Answer Wrong(string name, string seen, Action<IServiceCollection> code) => Answer.Wrong(name, seen, () => ConfigureCheck.RunAsync(code));
    }
}
