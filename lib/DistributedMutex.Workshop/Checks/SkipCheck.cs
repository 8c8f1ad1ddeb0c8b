using System.Diagnostics;

namespace DistributedMutex.Workshop;

/// <summary>Checks a periodic job that skips its turn if somebody else is at it (lesson 2).</summary>
public static class SkipCheck
{
    // Less than the mutex waits if it is told nothing, and much for one try.
    private static readonly TimeSpan OneTry = TimeSpan.FromSeconds(3);

    /// <param name="runOrSkip">Is to run the job under the lock and return true, or to return false at once.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static Task RunAsync(Func<RedisMutex, string, Action, bool> runOrSkip) => Check.RunAsync("2.2", async () =>
    {
        using var mutex = new RedisMutex();
        var (resource, runs, locked) = (Lesson.Name("check"), 0, false);
        var call = await Attempt.Run(() => runOrSkip(mutex, resource, () => (runs, locked) = (runs + 1, IsLocked(resource)))).ConfigureAwait(false);
        Check.That(
            call.Result && runs == 1 && locked && !IsLocked(resource),
            "If nobody is at it, the job runs under the lock, and the answer is true.",
            call.Or($"nobody was at it; the job ran {runs} times, {(locked ? "under" : "without")} the lock, the answer was {call.Result}, and afterwards the lock was {(IsLocked(resource) ? "still there" : "free")}."),
            "what comes first, what then, what last?",
            "if you have the lock: job(), then Unlock in a finally, and return true.");

        var (other, thrown) = (Lesson.Name("check"), new InvalidOperationException("The job failed."));
        call = await Attempt.Run(() => runOrSkip(mutex, other, () => throw thrown)).ConfigureAwait(false);
        Check.That(
            call.Thrown == thrown && !IsLocked(other),
            "If the job throws, the caller hears of it, and the next turn can have the lock.",
            call.Thrown == thrown ? "the job threw, and the lock was still there." : call.Or("the job threw, and", "the job threw, and the caller never heard of it."),
            "a job that failed was not skipped. And which of your lines run when it throws?",
            "try { job(); return true; } finally { mutex.Unlock(resource); }");

        // Another caller of the same instance: Unlock would give back its lock.
        runs = 0;
        await mutex.LockAsync(resource).ConfigureAwait(false);
        var started = Stopwatch.GetTimestamp();
        call = await Attempt.Run(() => runOrSkip(mutex, resource, () => runs++)).ConfigureAwait(false);
        var took = Stopwatch.GetElapsedTime(started);
        Check.That(
            took < OneTry,
            "Nobody waits for their turn.",
            $"somebody else was at it, and after {took.TotalSeconds:0} s you were still waiting.",
            "how long does Lock wait, if you say nothing?",
            "mutex.Lock(resource, wait: TimeSpan.Zero): one try.");
        Check.That(
            call.Returned && !call.Result && runs == 0,
            "If somebody else is at it, the job is skipped, and the answer is false.",
            call.Or("somebody else was at it, and", $"somebody else was at it; the job ran {runs} times, and the answer was {call.Result}."),
            "to skip a turn is nothing that went wrong: what does Lock say then?",
            "if (!mutex.Lock(…)) { return false; }");
        Check.That(
            IsLocked(resource),
            "Somebody else's lock is left alone.",
            "somebody else was at it, and their lock is gone.",
            "whose lock is it that you give back?",
            "return before the try if Lock said false.");
    });

    private static bool IsLocked(string resource) => RedisCli.Ask($"EXISTS lock:{resource}") == "1";
}
