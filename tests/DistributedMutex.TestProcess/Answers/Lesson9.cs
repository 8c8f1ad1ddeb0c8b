using DistributedMutex.Workshop;

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
}
