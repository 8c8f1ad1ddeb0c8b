using DistributedMutex.Workshop;

namespace DistributedMutex.TestProcess.Answers;

/// <summary>Answers to the exercises of lesson 2.</summary>
internal static class Lesson2
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Run some work under a lock.</summary>
    public static IEnumerable<Answer> WithLock()
    {
        yield return Right("throws if it cannot be had", (mutex, resource, work) =>
        {
            if (!mutex.Lock(resource, Second))
            {
                throw new TimeoutException();
            }

            try
            {
                work();
            }
            finally
            {
                mutex.Unlock(resource);
            }
        });
        yield return Right("returns if it cannot be had", (mutex, resource, work) =>
        {
            if (mutex.Lock(resource, Second))
            {
                try
                {
                    work();
                }
                finally
                {
                    mutex.Unlock(resource);
                }
            }
        });
        yield return Right("a scope", (mutex, resource, work) =>
        {
            using var held = mutex.Acquire(resource, Second);
            work();
        });
        yield return Right("catches, unlocks and throws again", (mutex, resource, work) =>
        {
            if (!mutex.Lock(resource, Second))
            {
                return;
            }

            try
            {
                work();
            }
            catch
            {
                mutex.Unlock(resource);
                throw;
            }

            mutex.Unlock(resource);
        });
        yield return Wrong("no lock", "there was no lock", (_, _, work) => work());
        yield return Wrong("no work", "the work ran 0 times", (mutex, resource, _) => mutex.Unlock(resource));
        yield return Wrong("no Unlock", "you never unlocked", (mutex, resource, work) =>
        {
            mutex.Lock(resource, Second);
            work();
        });
        yield return Wrong("no finally", "the work threw, and the lock was still there", (mutex, resource, work) =>
        {
            if (mutex.Lock(resource, Second))
            {
                work();
                mutex.Unlock(resource);
            }
        });
        yield return Wrong("swallows", "never heard of it", (mutex, resource, work) =>
        {
            mutex.Lock(resource, Second);
            try
            {
                work();
            }
            catch (InvalidOperationException)
            {
            }

            mutex.Unlock(resource);
        });
        yield return Wrong("throws something else", "InvalidProgramException", (mutex, resource, work) =>
        {
            using var held = mutex.Acquire(resource, Second);
            try
            {
                work();
            }
            catch (InvalidOperationException)
            {
                throw new InvalidProgramException();
            }
        });
        yield return Wrong("does not look", "and the work ran", (mutex, resource, work) =>
        {
            mutex.Lock(resource, Second);
            try
            {
                work();
            }
            finally
            {
                mutex.Unlock(resource);
            }
        });
        yield return Wrong("unlocks without having the lock", "and it is gone", (mutex, resource, work) =>
        {
            try
            {
                if (mutex.Lock(resource, Second))
                {
                    work();
                }
            }
            finally
            {
                mutex.Unlock(resource);
            }
        });
        yield return Wrong("deletes the key", "and it is gone", (mutex, resource, work) =>
        {
            try
            {
                if (mutex.Lock(resource, Second))
                {
                    work();
                }
            }
            finally
            {
                mutex.Database.KeyDelete($"lock:{resource}");
            }
        });
        yield return Wrong("waits for too long", "still not done", (mutex, resource, work) =>
        {
            using var held = mutex.Acquire(resource, TimeSpan.FromMinutes(1));
            work();
        });

        static Answer Right(string name, Action<RedisMutex, string, Action> code) => Answer.Right(name, () => LockUnlockCheck.RunAsync(code));
        static Answer Wrong(string name, string seen, Action<RedisMutex, string, Action> code) => Answer.Wrong(name, seen, () => LockUnlockCheck.RunAsync(code));
    }
}
