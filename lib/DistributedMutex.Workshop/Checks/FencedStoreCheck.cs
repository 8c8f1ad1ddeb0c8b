namespace DistributedMutex.Workshop;

/// <summary>Checks a store in Redis that refuses who comes late (lesson 7). Another writer comes between its commands.</summary>
public static class FencedStoreCheck
{
    // Compared as text, it would come before 999999.
    private const long Fence = 1000000;

    // As they are in life, and next to each other.
    private const long Large = 1767268800000000;

    /// <param name="save">Is to keep fence and text in the hash with this key and return true, or to refuse the fence and return false, in one step.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static Task RunAsync(Func<string, long, string, bool> save) => Check.RunAsync("7.2", async () =>
    {
        var key = Lesson.Name("check");
        try
        {
            await OneAfterTheOtherAsync(key, save).ConfigureAwait(false);
            await InOneStepAsync(key, save).ConfigureAwait(false);
        }
        finally
        {
            RedisCli.Ask($"DEL {key}");
        }
    });

    private static async Task OneAfterTheOtherAsync(string key, Func<string, long, string, bool> save)
    {
        var call = await Attempt.Run(() => save(key, 999999, "5 orders")).ConfigureAwait(false);
        Check.That(
            call.Result && Has(key, 999999, "5 orders"),
            "The first one saves.",
            call.Or($"the first one saved; the answer was {call.Result}, and {Shown(key)}."),
            "what does HGET say if nothing is there yet?",
            "in Lua, HGET of nothing is false: if seen and …. Then HSET the fields fence and text, and return 1.");
        call = await Attempt.Run(() => save(key, Fence, "6 orders") && save(key, Fence, "7 orders")).ConfigureAwait(false);
        Check.That(
            call.Result && Has(key, Fence, "7 orders"),
            "A later holder saves, twice.",
            call.Or($"a holder with fence {Fence} saved twice after one with 999999; {(call.Result ? "" : "it was refused, and ")}{Shown(key)}."),
            "\"999999\" and \"1000000\": which one is greater as a text, and which as a number? And is an equal fence late?",
            "tonumber(seen) > tonumber(ARGV[1]): only then refuse.");
        call = await Attempt.Run(() => !save(key, 999999, "late")).ConfigureAwait(false);
        Check.That(
            call.Result && Has(key, Fence, "7 orders"),
            "Who held the lock earlier is refused.",
            call.Or($"a holder with fence 999999 saved after one with {Fence}; {(call.Result ? "" : "it was not refused, and ")}{Shown(key)}."),
            "what is the store to do with a smaller fence?",
            "return 0 before anything is set.");
        call = await Attempt.Run(() => save(key, Large + 1, "8 orders") & !save(key, Large, "late")).ConfigureAwait(false);
        Check.That(
            call.Result && Has(key, Large + 1, "8 orders"),
            "Large fences keep their order.",
            call.Or($"two had the fences {Large} and {Large + 1}, and {Shown(key)}."),
            "the fences of a lock are large numbers. Do they go through your code as they are?",
            "no cast: a fence is a long. To Redis it goes as text, $\"{fence}\".");
    }

    // Another writer is another process: no lock in this one keeps it out, and no lock in Redis, which it believes it holds.
    private static async Task InOneStepAsync(string key, Func<string, long, string, bool> save)
    {
        var open = await Attempt.Run(() => Meeting.Finds(
            () => RedisCli.Ask($"DEL {key}"),
            () => save(key, Fence, "earlier"),
            () => RedisCli.Ask($"HSET {key} fence {Fence + 1} text later"),
            _ => !Has(key, Fence + 1, "later"))).ConfigureAwait(false);
        Check.That(
            open.Returned && !open.Result,
            "Nobody comes between the look at the fence and the write.",
            open.Or($"a later one, with fence {Fence + 1}, came between the look at the fence and the write, and {Shown(key)}."),
            "you send two commands, and the other writer is another process. Who could do both in one step?",
            "Redis runs a script as one step: RedisCli.Ask(\"EVAL\", script, \"1\", key, $\"{fence}\", text), with HGET, if and HSET in the script.");
    }

    private static bool Has(string key, long fence, string text) => RedisCli.Ask($"HGET {key} fence") == $"{fence}" && RedisCli.Ask($"HGET {key} text") == text;

    private static string Shown(string key) => $"Redis has the fence {RedisCli.Ask($"HGET {key} fence")} and the text '{RedisCli.Ask($"HGET {key} text")}'";
}
