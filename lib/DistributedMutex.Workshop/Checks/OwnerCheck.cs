using System.Globalization;

namespace DistributedMutex.Workshop;

/// <summary>Checks a lock of the learner's own (lesson 6). It comes between its commands, as another client would.</summary>
public static class OwnerCheck
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    /// <param name="tryLock">Is to lock a key for the owner of a token, for so long.</param>
    /// <param name="unlock">Is to delete the key if it holds that token, in one step, and to say whether it did.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static void Run(Func<string, string, TimeSpan, bool> tryLock, Func<string, string, bool> unlock)
    {
        const string Mine = "token-of-mine", Theirs = "token-of-another";
        var key = $"lock:check-{Guid.NewGuid():N}";

        var locked = tryLock(key, Mine, Lease);
        Check.That(
            locked && Get() == Mine,
            "The key holds the token of its owner.",
            locked ? $"the key holds \"{Get()}\", and the token is \"{Mine}\"." : "the lock was free, and TryLock returned false.",
            "what SET stores is how the owner is known again.");
        var left = long.Parse(RedisCli.Ask($"PTTL {key}"), CultureInfo.InvariantCulture);
        Check.That(
            left > Lease.TotalMilliseconds / 2 && left <= Lease.TotalMilliseconds,
            "It lasts for the lease.",
            left == -1 ? "the key has no end." : $"the lease was to be {Lease.TotalMilliseconds} ms, and {left} ms are left.",
            "PX takes the lease in milliseconds.");

        locked = tryLock(key, Theirs, Lease);
        Check.That(
            !locked && Get() == Mine,
            "Only one can have it.",
            "the lock was held, and another one got it.",
            "NX sets a key only if it is not there.");

        var gone = false;
        var unlocked = AfterEachCommand(() => gone |= Get() != Mine, () => unlock(key, Theirs));
        Check.That(
            !unlocked && !gone,
            "Unlock with another token deletes nothing, and says false.",
            gone ? "Unlock was called with another token, and the lock was gone." : "Unlock was called with another token, and returned true.",
            "delete the key only if it holds the token that Unlock was given.");

        unlocked = unlock(key, Mine);
        Check.That(
            unlocked && Get() == "(nil)",
            "Unlock with the token of its owner deletes the key, and says true.",
            unlocked ? "Unlock was called with the right token, and the key was still there." : "Unlock was called with the right token, and returned false.",
            "the script returns what DEL returns: how many keys it has deleted. RedisCli.Ask gives you that as text.");

        // The worst moment: the lease ends while Unlock is at work, and another one has the lock at once.
        tryLock(key, Mine, Lease);
        var commands = 0;
        AfterEachCommand(
            () =>
            {
                if (commands++ == 0)
                {
                    RedisCli.Ask($"SET {key} {Theirs} PX 30000");
                }
            },
            () => unlock(key, Mine));
        Check.That(
            commands > 0,
            "Unlock asks Redis.",
            "Unlock has sent nothing to Redis that this check could see.",
            "use RedisCli.Ask.");
        var safe = Get() == Theirs;
        RedisCli.Ask($"DEL {key}");
        Check.That(
            safe,
            "If the lock changes hands while Unlock is at work, the new owner keeps it.",
            "Unlock looked at the token; then the lease ended, and another one got the lock; then Unlock deleted it.",
            "to compare and to delete must be one step. Redis runs a script as a whole: RedisCli.Ask(\"EVAL\", script, \"1\", key, token).");

        string Get() => RedisCli.Ask($"GET {key}");
    }

    private static bool AfterEachCommand(Action action, Func<bool> unlock)
    {
        RedisCli.AfterCommand.Value = () =>
        {
            // Its own commands do not count.
            var mine = RedisCli.AfterCommand.Value;
            RedisCli.AfterCommand.Value = null;
            action();
            RedisCli.AfterCommand.Value = mine;
        };
        try
        {
            return unlock();
        }
        finally
        {
            RedisCli.AfterCommand.Value = null;
        }
    }
}
