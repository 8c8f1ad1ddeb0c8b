namespace DistributedMutex.Workshop;

/// <summary>Checks code that runs some work under a lock (lesson 2). Redis itself is asked who holds it.</summary>
public static class LockUnlockCheck
{
    /// <param name="withLock">Is to run the work under the lock of the resource.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static void Run(Action<RedisMutex, string, Action> withLock)
    {
        using var mutex = new RedisMutex();
        using var other = new RedisMutex();

        // New each time: what an earlier try has left locked must not count.
        var resource = $"check-{Guid.NewGuid():N}";
        var key = $"lock:{resource}";

        var runs = 0;
        var token = "(nil)";
        withLock(mutex, resource, () => (runs, token) = (runs + 1, RedisCli.Ask($"GET {key}")));
        Check.That(
            runs == 1 && token != "(nil)",
            "The work runs once, while the lock is held.",
            runs != 1 ? $"the work ran {runs} times." : "while the work ran, there was no lock in Redis.",
            "lock, then work, then unlock.");
        Check.That(
            RedisCli.Ask($"GET {key}") == "(nil)",
            "After the work, the lock is free.",
            "after the work, the lock was still there.",
            "give it back with Unlock.");

        var thrown = new InvalidOperationException("The work failed.");
        Exception? seen = null;
        try
        {
            withLock(mutex, resource, () => throw thrown);
        }
        catch (Exception e)
        {
            seen = e;
        }

        Check.That(
            seen == thrown,
            "If the work throws, the caller hears of it.",
            seen is null ? "the work threw, and the caller never heard of it." : $"the work threw, and the caller got something else: {seen.Message}",
            "do not catch what you cannot mend. A finally lets it pass.");
        var left = RedisCli.Ask($"GET {key}") != "(nil)";
        mutex.Unlock(resource);
        Check.That(
            !left,
            "If the work throws, the lock is free.",
            "the work threw, and the lock was still there.",
            "Unlock belongs in a finally.");

        other.Lock(resource);
        var held = RedisCli.Ask($"GET {key}");
        try
        {
            withLock(mutex, resource, () => runs++);
        }
        catch (Exception)
        {
            // One way of saying that the lock could not be had.
        }

        Check.That(
            runs == 1,
            "If somebody else holds the lock, the work does not run.",
            "somebody else held the lock, and the work ran.",
            "Lock returns whether you have it. Look at it.");
        Check.That(
            RedisCli.Ask($"GET {key}") == held,
            "Somebody else's lock is left alone.",
            "somebody else held the lock, and it is gone.",
            "only unlock what you have locked.");
        other.Unlock(resource);
    }
}
