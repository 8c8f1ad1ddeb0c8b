using DistributedMutex.Workshop;

namespace DistributedMutex.TestProcess.Answers;

/// <summary>Answers to the exercises of lesson 3.</summary>
internal static class Lesson3
{
    /// <summary>Add under a lock, if it can be had in time.</summary>
    public static IEnumerable<Answer> TryAdd()
    {
        yield return Right("a scope or null", async (mutex, resource, counter, wait, stop) =>
        {
            await using var held = await mutex.TryAcquireAsync(resource, wait, cancellationToken: stop);
            if (held is null)
            {
                return false;
            }

            counter.AddOne();
            return true;
        });
        yield return Right("a scope or an exception", async (mutex, resource, counter, wait, stop) =>
        {
            try
            {
                await using var held = await mutex.AcquireAsync(resource, wait, cancellationToken: stop);
                counter.AddOne();
                return true;
            }
            catch (LockAcquisitionException)
            {
                return false;
            }
        });
        yield return Right("Lock and Unlock, with all that belongs to it", async (mutex, resource, counter, wait, stop) =>
        {
            if (!await mutex.LockAsync(resource, wait, cancellationToken: stop))
            {
                return false;
            }

            try
            {
                counter.AddOne();
                return true;
            }
            finally
            {
                await mutex.UnlockAsync(resource, CancellationToken.None);
            }
        });
        yield return Wrong("no lock", "8 tasks added", (_, _, counter, _, _) =>
        {
            counter.AddOne();
            return Task.FromResult(true);
        });
        yield return Wrong("the answer is always false", "and the answer was False", async (mutex, resource, counter, wait, stop) =>
        {
            await using var held = await mutex.AcquireAsync(resource, wait, cancellationToken: stop);
            counter.AddOne();
            return false;
        });
        yield return Wrong("the scope has ended", "8 tasks added", async (mutex, resource, counter, wait, stop) =>
        {
            await using (var held = await mutex.TryAcquireAsync(resource, wait, cancellationToken: stop))
            {
                if (held is null)
                {
                    return false;
                }
            }

            counter.AddOne();
            return true;
        });
        yield return Wrong("no Unlock", "you never unlocked", async (mutex, resource, counter, wait, stop) =>
        {
            var held = await mutex.TryAcquireAsync(resource, wait, cancellationToken: stop);
            if (held is not null)
            {
                counter.AddOne();
            }

            return held is not null;
        });
        yield return Wrong("no finally", "adding threw, and the lock was still there", async (mutex, resource, counter, wait, stop) =>
        {
            if (!await mutex.LockAsync(resource, wait, cancellationToken: stop))
            {
                return false;
            }

            counter.AddOne();
            await mutex.UnlockAsync(resource, CancellationToken.None);
            return true;
        });
        yield return Wrong("swallows", "the caller never heard of it", async (mutex, resource, counter, wait, stop) =>
        {
            await using var held = await mutex.TryAcquireAsync(resource, wait, cancellationToken: stop);
            try
            {
                counter.AddOne();
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        });
        yield return Wrong("does not look", "the answer was True, and 1 was added", async (mutex, resource, counter, wait, stop) =>
        {
            await using var held = await mutex.TryAcquireAsync(resource, wait, cancellationToken: stop);
            counter.AddOne();
            return true;
        });
        yield return Wrong("Acquire, and nobody catches", "your code threw LockAcquisitionException", async (mutex, resource, counter, wait, stop) =>
        {
            await using var held = await mutex.AcquireAsync(resource, wait, cancellationToken: stop);
            counter.AddOne();
            return true;
        });
        yield return Wrong("unlocks without having the lock", "and you gave it back", async (mutex, resource, counter, wait, stop) =>
        {
            try
            {
                if (!await mutex.LockAsync(resource, wait, cancellationToken: stop))
                {
                    return false;
                }

                counter.AddOne();
                return true;
            }
            finally
            {
                await mutex.UnlockAsync(resource, CancellationToken.None);
            }
        });
        yield return Wrong("a wait of its own", "still not done", async (mutex, resource, counter, _, stop) =>
        {
            await using var held = await mutex.TryAcquireAsync(resource, TimeSpan.FromSeconds(30), cancellationToken: stop);
            if (held is not null)
            {
                counter.AddOne();
            }

            return held is not null;
        });
        yield return Wrong("does not hear of the cancellation", "went on waiting", async (mutex, resource, counter, wait, _) =>
        {
            await using var held = await mutex.TryAcquireAsync(resource, wait);
            if (held is not null)
            {
                counter.AddOne();
            }

            return held is not null;
        });
        yield return Wrong("cancelled is false", "threw no OperationCanceledException", async (mutex, resource, counter, wait, stop) =>
        {
            try
            {
                await using var held = await mutex.TryAcquireAsync(resource, wait, cancellationToken: stop);
                if (held is not null)
                {
                    counter.AddOne();
                }

                return held is not null;
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        });

        static Answer Right(string name, ScopeCheck.Adding code) => Answer.Right(name, () => ScopeCheck.RunAsync(code));
        static Answer Wrong(string name, string seen, ScopeCheck.Adding code) => Answer.Wrong(name, seen, () => ScopeCheck.RunAsync(code));
    }
}
