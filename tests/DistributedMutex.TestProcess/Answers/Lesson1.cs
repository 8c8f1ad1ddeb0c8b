using DistributedMutex.Workshop;

namespace DistributedMutex.TestProcess.Answers;

/// <summary>Answers to the exercises of lesson 1.</summary>
internal static class Lesson1
{
    private static readonly Lock Gate = new();

    /// <summary>Add to a counter that other threads and processes add to as well.</summary>
    public static IEnumerable<Answer> AddSafely()
    {
        yield return Right("Lock, and Unlock in a finally", (mutex, resource, counter) =>
        {
            if (!mutex.Lock(resource))
            {
                throw new TimeoutException();
            }

            try
            {
                counter.AddOne();
            }
            finally
            {
                mutex.Unlock(resource);
            }
        });
        yield return Right("a scope", (mutex, resource, counter) =>
        {
            using (mutex.Acquire(resource))
            {
                counter.AddOne();
            }
        });
        yield return Right("a lock of the process around the mutex", (mutex, resource, counter) =>
        {
            lock (Gate)
            {
                using var held = mutex.Acquire(resource);
                counter.AddOne();
            }
        });
        yield return Right("a read and a write of its own", (mutex, resource, counter) =>
        {
            using var held = mutex.Acquire(resource);
            counter.Write(counter.Read() + 1);
        });
        yield return Wrong("no lock", "five threads made 20 updates", (_, _, counter) => counter.AddOne());
        yield return Wrong("a lock of the process", "two processes made", (_, _, counter) =>
        {
            lock (Gate)
            {
                counter.AddOne();
            }
        });
        yield return Wrong("another resource", "two processes made", (mutex, _, counter) =>
        {
            using var held = mutex.Acquire("counter");
            counter.AddOne();
        });
        yield return Wrong("no Unlock", "you never unlocked", (mutex, resource, counter) =>
        {
            mutex.Lock(resource);
            counter.AddOne();
        });
        yield return Wrong("the read before the lock", "updates, ", (mutex, resource, counter) =>
        {
            var number = counter.Read();
            using var held = mutex.Acquire(resource);
            Thread.Sleep(10);
            counter.Write(number + 1);
        });
        yield return Wrong("unlocked before it adds", "updates, ", (mutex, resource, counter) =>
        {
            mutex.Lock(resource);
            mutex.Unlock(resource);
            counter.AddOne();
        });
        yield return Wrong("goes on without the lock", "updates, ", (mutex, resource, counter) =>
        {
            var held = mutex.Lock(resource, TimeSpan.Zero);
            counter.AddOne();
            if (held)
            {
                mutex.Unlock(resource);
            }
        });
        yield return Wrong("adds nothing if somebody else is at it", "updates, ", (mutex, resource, counter) =>
        {
            if (mutex.Lock(resource, TimeSpan.Zero))
            {
                counter.AddOne();
                mutex.Unlock(resource);
            }
        });
        yield return Wrong("nothing at all", "one call added 0", (_, _, _) => { });
        yield return Wrong("not done yet", "your code threw NotImplementedException", (_, _, _) => throw new NotImplementedException());
        yield return Wrong("waits for itself", "after 5 s your code was still not done", (mutex, resource, counter) =>
        {
            using var held = mutex.Acquire(resource);
            using var again = mutex.Acquire(resource);
            counter.AddOne();
        });

        static Answer Right(string name, Action<RedisMutex, string, CounterFile> code) => Answer.Right(name, () => CounterCheck.RunAsync(code));
        static Answer Wrong(string name, string seen, Action<RedisMutex, string, CounterFile> code) => Answer.Wrong(name, seen, () => CounterCheck.RunAsync(code));
    }
}
