namespace DistributedMutex.Workshop;

/// <summary>Checks options that say how often to ask for a lock that a foreign client holds (lesson 8).</summary>
public static class RetryCheck
{
    private static readonly double?[] Pauses = [50, 100, 200, 400, 400, null];

    /// <param name="newOptions">Is to give up after five retries, with pauses from 50 ms to 400 ms, each twice the one before.</param>
    /// <exception cref="CheckFailedException">They do not say so.</exception>
    public static Task RunAsync(Func<MutexOptions> newOptions) => Check.RunAsync("8.2", async () =>
    {
        var call = await Attempt.Run(newOptions).ConfigureAwait(false);
        Check.That(
            call.Result?.RetryStrategy is not null,
            "The options have a strategy.",
            call.Or("there is no RetryStrategy in them."),
            "Retry is one pause for all. What else do the options have?",
            "new MutexOptions { RetryStrategy = … }");
        var pauses = Enumerable.Range(0, Pauses.Length).Select(retries => call.Result!.RetryStrategy!.Pause(retries)?.TotalMilliseconds).ToList();
        Check.That(
            pauses.Take(5).SequenceEqual(Pauses.Take(5)),
            "The pauses are 50, 100, 200, 400 and 400 ms.",
            $"the pauses are {string.Join(", ", pauses.Take(5).Select(pause => pause is null ? "over" : $"{pause} ms"))}.",
            "each is twice the one before, up to a longest. Which strategy does that?",
            "RetryStrategy.Exponential(first: TimeSpan.FromMilliseconds(50), longest: TimeSpan.FromMilliseconds(400))");
        Check.That(
            pauses[5] is null,
            "After five retries it is over.",
            "there is a sixth retry.",
            "who says how often?",
            "… .Limit(5)");

        var resource = Lesson.Name("check");
        using var mutex = new RedisMutex(call.Result);
        RedisCli.Ask($"SET lock:{resource} foreign PX 30000");
        var had = await Attempt.Run(() => mutex.Lock(resource, wait: TimeSpan.FromSeconds(20))).ConfigureAwait(false);
        Check.That(
            had.Returned && !had.Result,
            "A foreign client holds the lock, and after five retries the answer is false.",
            had.Or("a foreign client held the lock, and Lock returned true."),
            "what else have you set?",
            "nothing but the RetryStrategy.");
        RedisCli.Ask($"DEL lock:{resource}");
    });
}
