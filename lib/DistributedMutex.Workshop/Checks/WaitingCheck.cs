using DistributedMutex.Protocol;

namespace DistributedMutex.Workshop;

/// <summary>Checks code that waits for a lock for some time (lesson 8).</summary>
public static class WaitingCheck
{
    private const int Count = 3;

    // What a client may send of its own accord, to see whether the connection is still there.
    private const int Few = 2 * Count;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <param name="lockInTurn">Is to lock the resource and return true, or to return false when its time is over.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case, or asks again and again.</exception>
    public static Task RunAsync(Func<RedisMutex, string, TimeSpan, bool> lockInTurn) => RunAsync(lockInTurn, RedisServer.Use());

    internal static async Task RunAsync(Func<RedisMutex, string, TimeSpan, bool> lockInTurn, RedisSettings settings)
    {
        // New each time: what an earlier try has left locked must not count.
        var resource = $"check-{Guid.NewGuid():N}";
        var mutexes = Enumerable.Range(0, Count + 1).Select(_ => new RedisMutex(settings)).ToList();
        var holder = mutexes[0];
        try
        {
            holder.Lock(resource);
            await TakeTurnsAsync(lockInTurn, resource, holder, mutexes[1..]).ConfigureAwait(false);

            holder.Lock(resource);
            var answer = Start(() => lockInTurn(mutexes[1], resource, TimeSpan.FromMilliseconds(300)));
            var inTime = await Task.WhenAny(answer, Task.Delay(Patience / 2)).ConfigureAwait(false) == answer;
            Check.That(
                inTime && !await answer.ConfigureAwait(false) && holder.Unlock(resource),
                "When its time is over, it returns false.",
                inTime ? "somebody else held the lock all the time, and it returned true." : "somebody else held the lock, and long after its time it still waited.",
                "Lock itself returns false when the wait is over.");
        }
        finally
        {
            foreach (var mutex in mutexes)
            {
                await mutex.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static async Task TakeTurnsAsync(
        Func<RedisMutex, string, TimeSpan, bool> lockInTurn, string resource, RedisMutex holder, IReadOnlyList<RedisMutex> waiters)
    {
        var queue = new LockKeys(resource).Queue;
        var served = new List<int>();
        var turns = new List<Task<bool>>();
        foreach (var (waiter, number) in waiters.Select((waiter, index) => (waiter, index + 1)))
        {
            turns.Add(Start(() => TakeTurn(waiter, number)));

            // Until it stands in the queue; whoever never does has had time enough to ask.
            for (var tries = 0; tries < 50 && await holder.Database.SortedSetLengthAsync(queue).ConfigureAwait(false) < number; tries++)
            {
                await Task.Delay(10).ConfigureAwait(false);
            }
        }

        var before = waiters.Sum(waiter => waiter.Connection.OperationCount);
        await Task.Delay(TimeSpan.FromSeconds(1)).ConfigureAwait(false);
        var commands = waiters.Sum(waiter => waiter.Connection.OperationCount) - before;
        Check.That(
            turns.TrueForAll(turn => !turn.IsCompleted),
            "Those who have time wait.",
            "somebody had 30 seconds, and gave up in the first.",
            "hand the patience on to Lock.");
        Check.That(
            commands <= Few,
            "While they wait, they ask nothing.",
            $"{Count} callers waited for a second, and sent {commands} commands.",
            "Lock waits for you, in the queue. Whoever calls it again and again asks again and again.");

        holder.Unlock(resource);
        var all = Task.WhenAll(turns);
        var done = await Task.WhenAny(all, Task.Delay(Patience)).ConfigureAwait(false) == all;
        Check.That(
            done && (await all.ConfigureAwait(false)).All(one => one) && served.SequenceEqual(served.Order()),
            "They are served in the order in which they came.",
            $"{Count} callers came one after the other, and the lock was had by: {string.Join(", ", served)}.",
            "who leaves the queue and comes back stands at its end. Stay in it: one call of Lock, for all of the time.");

        bool TakeTurn(RedisMutex waiter, int number)
        {
            if (!lockInTurn(waiter, resource, Patience))
            {
                return false;
            }

            lock (served)
            {
                served.Add(number);
            }

            waiter.Unlock(resource);
            return true;
        }
    }

    // A thread of its own, since it blocks.
    private static Task<bool> Start(Func<bool> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
