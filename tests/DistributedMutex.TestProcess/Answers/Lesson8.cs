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
}
