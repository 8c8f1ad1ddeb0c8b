namespace DistributedMutex.Workshop;

/// <summary>Checks code that runs some work under a lock (lesson 2). Redis itself is asked who holds it.</summary>
public static class LockUnlockCheck
{
    /// <param name="withLock">Is to run the work under the lock of the resource.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static Task RunAsync(Action<RedisMutex, string, Action> withLock) => Check.RunAsync("2.1", async () =>
    {
        using var mutex = new RedisMutex();
        await WhileItIsFreeAsync(mutex, withLock).ConfigureAwait(false);
        await IfTheWorkThrowsAsync(mutex, withLock).ConfigureAwait(false);
        await IfItIsTakenAsync(mutex, withLock).ConfigureAwait(false);
    });

    private static async Task WhileItIsFreeAsync(RedisMutex mutex, Action<RedisMutex, string, Action> withLock)
    {
        var resource = Lesson.Name("check");
        var runs = 0;
        var locked = false;
        var call = await Attempt.Run(() => withLock(mutex, resource, () => (runs, locked) = (runs + 1, IsLocked(resource)))).ConfigureAwait(false);
        Check.That(
            call.Returned && runs == 1 && locked,
            "The work runs once, while the lock is held.",
            call.Or(runs != 1 ? $"the work ran {runs} times." : "while the work ran, there was no lock in Redis."),
            "what comes first, what then, what last?",
            "mutex.Lock(resource, wait: TimeSpan.FromSeconds(1)), then work(), then mutex.Unlock(resource).");
        Check.That(
            !IsLocked(resource),
            "After the work, the lock is free.",
            "you never unlocked: after the work, the lock was still there.",
            "who gives it back, if you do not?",
            "mutex.Unlock(resource), in a finally.");
    }

    private static async Task IfTheWorkThrowsAsync(RedisMutex mutex, Action<RedisMutex, string, Action> withLock)
    {
        var resource = Lesson.Name("check");
        var thrown = new InvalidOperationException("The work failed.");
        var call = await Attempt.Run(() => withLock(mutex, resource, () => throw thrown)).ConfigureAwait(false);
        Check.That(
            call.Thrown == thrown,
            "If the work throws, the caller hears of it.",
            call.Returned ? "the work threw, and the caller never heard of it." : call.Or("the work threw, and"),
            "whoever called you wants to know that the work failed.",
            "no catch: a finally lets the exception pass.");
        Check.That(
            !IsLocked(resource),
            "If the work throws, the lock is free.",
            "the work threw, and the lock was still there.",
            "which of your lines run when the work throws?",
            "try { work(); } finally { mutex.Unlock(resource); }");
    }

    private static async Task IfItIsTakenAsync(RedisMutex mutex, Action<RedisMutex, string, Action> withLock)
    {
        var resource = Lesson.Name("check");

        // Another caller of the same instance: Unlock would give back its lock.
        mutex.Lock(resource);
        var held = RedisCli.Ask($"GET lock:{resource}");
        var runs = 0;

        // To throw is one way of saying that the lock could not be had.
        var call = await Attempt.Run(() => withLock(mutex, resource, () => runs++)).ConfigureAwait(false);
        Check.That(
            runs == 0 && !call.IsLate,
            "If somebody else holds the lock, the work does not run.",
            call.IsLate ? call.Or("somebody else held the lock, and", "") : "somebody else held the lock, and the work ran.",
            call.IsLate ? "somebody waits for an answer. How long may that take?" : "Lock answers a question. Which one, and who listens?",
            "if (!mutex.Lock(resource, wait: TimeSpan.FromSeconds(1))) { return; }");
        Check.That(
            RedisCli.Ask($"GET lock:{resource}") == held,
            "Somebody else's lock is left alone.",
            "somebody else held the lock, and it is gone.",
            "whose lock is it that you give back?",
            "return before the try if Lock said false: the finally is for those who have the lock.");
    }

    private static bool IsLocked(string resource) => RedisCli.Ask($"EXISTS lock:{resource}") == "1";
}
