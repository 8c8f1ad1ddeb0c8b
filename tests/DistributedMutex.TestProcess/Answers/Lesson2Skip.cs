using DistributedMutex.Workshop;

namespace DistributedMutex.TestProcess.Answers;

/// <summary>Answers to the second exercise of lesson 2.</summary>
internal static class Lesson2Skip
{
    /// <summary>Run a job, or skip it at once.</summary>
    public static IEnumerable<Answer> RunOrSkip()
    {
        yield return Right("one try", (mutex, resource, job) => mutex.Lock(resource, TimeSpan.Zero) && Finish(mutex, resource, job));
        yield return Right("a scope or null", (mutex, resource, job) =>
        {
            using var held = mutex.TryAcquire(resource, TimeSpan.Zero);
            if (held is not null)
            {
                job();
            }

            return held is not null;
        });
        yield return Wrong("no lock", "without the lock", (_, _, job) =>
        {
            job();
            return true;
        });
        yield return Wrong("no Unlock", "afterwards the lock was still there", (mutex, resource, job) =>
        {
            var have = mutex.Lock(resource, TimeSpan.Zero);
            if (have)
            {
                job();
            }

            return have;
        });
        yield return Wrong("no finally", "the job threw, and the lock was still there", (mutex, resource, job) =>
        {
            if (!mutex.Lock(resource, TimeSpan.Zero))
            {
                return false;
            }

            job();
            mutex.Unlock(resource);
            return true;
        });
        yield return Wrong("a failed job counts as skipped", "the caller never heard of it", (mutex, resource, job) =>
        {
            try
            {
                return mutex.Lock(resource, TimeSpan.Zero) && Finish(mutex, resource, job);
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        });
        yield return Wrong("waits", "you were still waiting", (mutex, resource, job) => mutex.Lock(resource) && Finish(mutex, resource, job));
        yield return Wrong("throws if it is taken", "your code threw LockAcquisitionException", (mutex, resource, job) =>
        {
            using var held = mutex.Acquire(resource, TimeSpan.Zero);
            job();
            return true;
        });
        yield return Wrong("does not look", "the job ran 1 times", (mutex, resource, job) =>
        {
            _ = mutex.Lock(resource, TimeSpan.Zero);
            return Finish(mutex, resource, job);
        });
        yield return Wrong("always true", "the answer was True", (mutex, resource, job) => !mutex.Lock(resource, TimeSpan.Zero) || Finish(mutex, resource, job));
        yield return Wrong("unlocks without having the lock", "their lock is gone", (mutex, resource, job) =>
        {
            try
            {
                var have = mutex.Lock(resource, TimeSpan.Zero);
                if (have)
                {
                    job();
                }

                return have;
            }
            finally
            {
                mutex.Unlock(resource);
            }
        });
        yield return Wrong("not done yet", "your code threw NotImplementedException", (_, _, _) => throw new NotImplementedException());

        static bool Finish(RedisMutex mutex, string resource, Action job)
        {
            try
            {
                job();
                return true;
            }
            finally
            {
                mutex.Unlock(resource);
            }
        }

        static Answer Right(string name, Func<RedisMutex, string, Action, bool> code) => Answer.Right(name, () => SkipCheck.RunAsync(code));
        static Answer Wrong(string name, string seen, Func<RedisMutex, string, Action, bool> code) => Answer.Wrong(name, seen, () => SkipCheck.RunAsync(code));
    }
}
