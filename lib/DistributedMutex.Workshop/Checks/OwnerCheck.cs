using System.Diagnostics;
using System.Globalization;

namespace DistributedMutex.Workshop;

/// <summary>Checks a lock of the learner's own (lesson 6). It comes between its commands, as another client would.</summary>
public static class OwnerCheck
{
    private const string Mine = "token-of-mine", Theirs = "token-of-another";

    // No whole number of seconds, neither up nor down.
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(20.9);

    /// <param name="tryLock">Is to lock a key for the owner of a token, for so long.</param>
    /// <param name="unlock">Is to delete the key if it holds that token, in one step, and to say whether it did.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static Task RunAsync(Func<string, string, TimeSpan, bool> tryLock, Func<string, string, bool> unlock) => Check.RunAsync("6.1", async () =>
    {
        var key = $"lock:{Lesson.Name("check")}";
        try
        {
            await LockedAsync(key, tryLock).ConfigureAwait(false);
            await UnlockedAsync(key, tryLock, unlock).ConfigureAwait(false);
            await InOneStepAsync(key, tryLock, unlock).ConfigureAwait(false);
        }
        finally
        {
            RedisCli.Ask($"DEL {key}");
        }
    });

    private static async Task LockedAsync(string key, Func<string, string, TimeSpan, bool> tryLock)
    {
        var started = Stopwatch.GetTimestamp();
        var call = await Attempt.Run(() => tryLock(key, Mine, Lease)).ConfigureAwait(false);
        var left = TimeSpan.FromMilliseconds(long.Parse(RedisCli.Ask($"PTTL {key}"), CultureInfo.InvariantCulture));
        var least = Lease - Stopwatch.GetElapsedTime(started) - TimeSpan.FromMilliseconds(10);
        Check.That(
            call.Result && Get(key) == Mine,
            "The key holds the token of its owner.",
            call.Or(call.Result ? $"the key holds \"{Get(key)}\", and the token is \"{Mine}\"." : "the lock was free, and TryLock returned false."),
            "what SET stores is how the owner is known again.",
            "SET {key} {token} NX PX {milliseconds}: it says OK if the key was free.");
        Check.That(
            left >= least && left <= Lease,
            "It lasts for the lease.",
            left < TimeSpan.Zero ? "the key has no end." : string.Create(CultureInfo.InvariantCulture, $"the lease was to be {Lease.TotalMilliseconds} ms, and {left.TotalMilliseconds} ms are left."),
            "in which unit do you say how long?",
            "PX takes milliseconds: PX {lease.TotalMilliseconds:0}. EX takes whole seconds.");

        call = await Attempt.Run(() => tryLock(key, Theirs, Lease)).ConfigureAwait(false);
        Check.That(
            call.Returned && !call.Result && Get(key) == Mine,
            "Only one can have it.",
            call.Or("the lock was held,", "the lock was held, and another one got it."),
            "what if the key is there already?",
            "NX sets a key only if it is not there.");

        var endless = await Attempt.Run(() => Meeting.Finds(
            () => RedisCli.Ask($"DEL {key}"),
            () => tryLock(key, Mine, Lease),
            () => RedisCli.Ask($"PTTL {key}"),
            left => left == "-1")).ConfigureAwait(false);
        Check.That(
            endless.Returned && !endless.Result,
            "At no moment is it without an end.",
            endless.Or("for a moment, the key was there and had no end. If your process died then, it would stay for ever."),
            "you send two commands. What if the second never comes?",
            "SET takes NX and PX at once: SET {key} {token} NX PX {milliseconds}.");
    }

    private static async Task UnlockedAsync(string key, Func<string, string, TimeSpan, bool> tryLock, Func<string, string, bool> unlock)
    {
        var call = await Attempt.Run(() => unlock(key, Theirs)).ConfigureAwait(false);
        Check.That(
            call.Returned && !call.Result && Get(key) == Mine,
            "Unlock with another token deletes nothing, and says false.",
            call.Or("Unlock was called with another token, and", Get(key) == Mine ? "Unlock was called with another token, and returned true." : "Unlock was called with another token, and the lock was gone."),
            call.Thrown is StackExchange.Redis.RedisServerException ? "RedisCli.Ask splits one text at its spaces. A script is an argument of its own." : "how does Unlock know whose lock it is?",
            "delete the key only if it holds the token: RedisCli.Ask(\"EVAL\", script, \"1\", key, token).");

        call = await Attempt.Run(() => unlock(key, Mine)).ConfigureAwait(false);
        Check.That(
            call.Result && Get(key) == "(nil)",
            "Unlock with the token of its owner deletes the key, and says true.",
            call.Or(call.Result ? "Unlock was called with the right token, and the key was still there." : "Unlock was called with the right token, and returned false."),
            "what does the script return, and what do you make of it? RedisCli.Ask gives you a text.",
            "the script returns what DEL returns, how many keys it has deleted: … == \"1\".");
        tryLock(key, Mine, Lease);
    }

    // The worst moments: somebody looks while Unlock is at work; or the lease ends then, and another one has the lock at once.
    private static async Task InOneStepAsync(string key, Func<string, string, TimeSpan, bool> tryLock, Func<string, string, bool> unlock)
    {
        var open = await Attempt.Run(() => Meeting.Finds(
            () => RedisCli.Ask($"SET {key} {Mine} PX 30000"),
            () => unlock(key, Theirs),
            () => RedisCli.Ask($"SET {key} {Theirs} NX PX 30000"),
            got => got == "OK")).ConfigureAwait(false);
        Check.That(
            open.Returned && !open.Result,
            "While Unlock finds that it is not its own, nobody gets in.",
            open.Or("Unlock was called with another token. For a moment the lock was gone, and somebody else got it."),
            "look first, then delete.",
            "GET and compare, and DEL only if it is yours; all in one script.");

        var deleted = await Attempt.Run(() => Meeting.Finds(
            () => RedisCli.Ask($"SET {key} {Mine} PX 30000"),
            () => unlock(key, Mine),
            () => RedisCli.Ask($"SET {key} {Theirs} PX 30000"),
            _ => Get(key) != Theirs)).ConfigureAwait(false);
        Check.That(
            deleted.Returned && !deleted.Result,
            "If the lock changes hands while Unlock is at work, the new owner keeps it.",
            deleted.Or("Unlock looked at the token; then the lease ended, and another one got the lock; then Unlock deleted it."),
            "you send two commands. What may happen in between?",
            "Redis runs a script as one step: RedisCli.Ask(\"EVAL\", script, \"1\", key, token), with GET, if and DEL in the script.");
    }

    private static string Get(string key) => RedisCli.Ask($"GET {key}");
}
