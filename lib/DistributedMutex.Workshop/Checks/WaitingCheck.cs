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
    public static Task RunAsync(Func<RedisMutex, string, TimeSpan, bool> lockInTurn) => Check.RunAsync("8.1", async () =>
    {
        var resource = Lesson.Name("check");
        var mutexes = Enumerable.Range(0, Count + 1).Select(_ => new RedisMutex()).ToList();
        var holder = mutexes[0];
        try
        {
            holder.Lock(resource);
            await TakeTurnsAsync(lockInTurn, resource, holder, mutexes[1..]).ConfigureAwait(false);

            resource = Lesson.Name("check");
            holder.Lock(resource);
            var call = await Attempt.Run(() => lockInTurn(mutexes[1], resource, TimeSpan.FromMilliseconds(300))).ConfigureAwait(false);
            Check.That(
                call.Returned && !call.Result,
                "When its time is over, it returns false.",
                call.IsLate ? "somebody else held the lock, and long after its time it still waited." : call.Or("somebody else held the lock all the time, and", "somebody else held the lock all the time, and it returned true."),
                "who knows whether you have the lock?",
                "return what Lock returns.");
            Check.That(
                holder.Unlock(resource),
                "And whoever has the lock keeps it.",
                "somebody else held the lock, and it is gone.",
                "whose lock is it?",
                "only lock: whoever called you unlocks.");
        }
        finally
        {
            foreach (var mutex in mutexes)
            {
                await mutex.DisposeAsync().ConfigureAwait(false);
            }
        }
    });

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
            for (var tries = 0; tries < 50 && !turns[^1].IsCompleted && await holder.Database.SortedSetLengthAsync(queue).ConfigureAwait(false) < number; tries++)
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
            turns.Find(turn => turn.IsFaulted)?.Exception?.InnerException is { } thrown ? $"your code threw {thrown.GetType().Name}: {thrown.Message}" : "somebody had 30 seconds, and came back within the first without the lock.",
            "who knows how long you may wait?",
            "hand the patience on: mutex.Lock(resource, wait: patience).");
        Check.That(
            commands <= Few,
            "While they wait, they ask nothing.",
            $"{Count} callers waited for a second, and sent {commands} commands.",
            "whoever calls Lock again and again asks again and again. What can Lock do for you?",
            "one call, for all of the time: mutex.Lock(resource, wait: patience).");

        holder.Unlock(resource);
        var all = Task.WhenAll(turns);
        var call = await Attempt.RunAsync(() => all).ConfigureAwait(false);
        Check.That(
            call.Returned && call.Result!.All(one => one) && served.SequenceEqual(served.Order()) && served.Count == Count,
            "They are served in the order in which they came.",
            call.Or($"{Count} callers came one after the other, and the lock was had by: {string.Join(", ", served)}."),
            "who leaves the queue and comes back stands at its end.",
            "stay in it: one call of Lock, for all of the time.");

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
