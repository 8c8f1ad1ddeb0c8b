using System.Diagnostics;
using DistributedMutex.Workshop;

namespace DistributedMutex.TestProcess.Answers;

/// <summary>Answers to the exercises of lesson 8.</summary>
internal static class Lesson8
{
    /// <summary>Wait in the queue.</summary>
    public static IEnumerable<Answer> LockInTurn()
    {
        yield return Right("one call of Lock", (mutex, resource, patience) => mutex.Lock(resource, patience));
        yield return Right("with a retry of its own", (mutex, resource, patience) => mutex.Lock(resource, patience, TimeSpan.FromMilliseconds(50)));
        yield return Right("one call of LockAsync", (mutex, resource, patience) => mutex.LockAsync(resource, patience).GetAwaiter().GetResult());
        yield return Right("tries once before it waits", (mutex, resource, patience) => mutex.Lock(resource, TimeSpan.Zero) || mutex.Lock(resource, patience));
        yield return Wrong("the loop as it stands", "commands", (mutex, resource, patience) => Poll(mutex, resource, patience, TimeSpan.Zero, TimeSpan.FromMilliseconds(50)));
        yield return Wrong("a loop without a pause", "commands", (mutex, resource, patience) => Poll(mutex, resource, patience, TimeSpan.Zero, TimeSpan.Zero));
        yield return Wrong("waits in slices", "commands", (mutex, resource, patience) => Poll(mutex, resource, patience, TimeSpan.FromMilliseconds(100), TimeSpan.Zero));
        yield return Wrong("one try", "came back within the first", (mutex, resource, _) => mutex.Lock(resource, TimeSpan.Zero));
        yield return Wrong("a wait of its own", "came back within the first", (mutex, resource, _) => mutex.Lock(resource, TimeSpan.FromMilliseconds(500)));
        yield return Wrong("throws", "your code threw LockAcquisitionException", (mutex, resource, patience) =>
        {
            mutex.Acquire(resource, TimeSpan.Zero);
            return mutex.Lock(resource, patience);
        });
        yield return Wrong("true without the lock", "it returned true", (mutex, resource, patience) =>
        {
            mutex.Lock(resource, patience);
            return true;
        });
        yield return Wrong("waits for ever", "long after its time it still waited", (mutex, resource, _) => mutex.Lock(resource, Timeout.InfiniteTimeSpan));
        yield return Wrong("takes somebody else's", "came back within the first", (mutex, resource, patience) =>
        {
            mutex.Database.KeyDelete($"lock:{resource}");
            return mutex.Lock(resource, patience);
        });

        static bool Poll(RedisMutex mutex, string resource, TimeSpan patience, TimeSpan wait, TimeSpan pause)
        {
            var started = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(started) < patience)
            {
                if (mutex.Lock(resource, wait))
                {
                    return true;
                }

                Thread.Sleep(pause);
            }

            return false;
        }

        static Answer Right(string name, Func<RedisMutex, string, TimeSpan, bool> code) => Answer.Right(name, () => WaitingCheck.RunAsync(code));
        static Answer Wrong(string name, string seen, Func<RedisMutex, string, TimeSpan, bool> code) => Answer.Wrong(name, seen, () => WaitingCheck.RunAsync(code));
    }

    /// <summary>Ask a foreign client's lock again, less and less often.</summary>
    public static IEnumerable<Answer> PatientOptions()
    {
        TimeSpan first = TimeSpan.FromMilliseconds(50), longest = TimeSpan.FromMilliseconds(400);
        yield return Right("exponential, with a limit", () => new MutexOptions { RetryStrategy = RetryStrategy.Exponential(first, longest).Limit(5) });
        yield return Right("with a wait of its own", () => new MutexOptions { Wait = TimeSpan.FromSeconds(30), RetryStrategy = RetryStrategy.Exponential(first, longest).Limit(5) });
        yield return Wrong("one pause for all", "there is no RetryStrategy", () => new MutexOptions { Retry = first });
        yield return Wrong("linear", "the pauses are 50 ms, 50 ms", () => new MutexOptions { RetryStrategy = RetryStrategy.Linear(first).Limit(5) });
        yield return Wrong("no limit", "there is a sixth retry", () => new MutexOptions { RetryStrategy = RetryStrategy.Exponential(first, longest) });
        yield return Wrong("five tries, the first included", "400 ms, over", () => new MutexOptions { RetryStrategy = RetryStrategy.Exponential(first, longest).Limit(4) });
        yield return Wrong("a limit too high", "there is a sixth retry", () => new MutexOptions { RetryStrategy = RetryStrategy.Exponential(first, longest).Limit(6) });
        yield return Wrong("no longest pause", "800 ms", () => new MutexOptions { RetryStrategy = RetryStrategy.Exponential(first, TimeSpan.FromSeconds(10)).Limit(5) });
        yield return Wrong("seconds", "the pauses are 50000 ms", () => new MutexOptions { RetryStrategy = RetryStrategy.Exponential(TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(400)).Limit(5) });
        yield return Wrong("none at all", "the pauses are over", () => new MutexOptions { RetryStrategy = RetryStrategy.None });
        yield return Wrong("the wrong way round", "your code threw ArgumentOutOfRangeException", () => new MutexOptions { RetryStrategy = RetryStrategy.Exponential(longest, first).Limit(5) });

        static Answer Right(string name, Func<MutexOptions> code) => Answer.Right(name, () => RetryCheck.RunAsync(code));
        static Answer Wrong(string name, string seen, Func<MutexOptions> code) => Answer.Wrong(name, seen, () => RetryCheck.RunAsync(code));
    }
}
