namespace DistributedMutex.Workshop;

/// <summary>Checks code that adds to a counter under a lock, if it can be had in time (lesson 3).</summary>
public static class ScopeCheck
{
    /// <summary>Calls what is checked: the mutex, the resource, the counter, how long to wait, and a token that ends the wait.</summary>
    public delegate Task<bool> Adding(RedisMutex mutex, string resource, CounterFile counter, TimeSpan wait, CancellationToken cancellationToken);

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    /// <param name="tryAdd">Is to add 1 under the lock and return true, or to return false, or to throw if it is cancelled.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static async Task RunAsync(Adding tryAdd)
    {
        await using var mutex = new RedisMutex();
        await using var other = new RedisMutex();
        var counter = new CounterFile();

        // New each time: what an earlier try has left locked must not count.
        var resource = $"check-{Guid.NewGuid():N}";

        var added = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => tryAdd(mutex, resource, counter, Long, default)))).ConfigureAwait(false);
        var found = counter.Read();
        Check.That(
            found == added.Length && added.All(one => one),
            $"{added.Length} tasks add, {found} are counted.",
            $"{added.Length} tasks added, {found} were counted, {added.Count(one => one)} returned true.",
            "from the read to the write, only one may be inside: add within the scope of the lock.");
        Check.That(
            !await other.IsLockedAsync(resource).ConfigureAwait(false),
            "Afterwards, the lock is free.",
            "afterwards, the lock was still there.",
            "await using gives it back at the end of its block.");

        var missing = new CounterFile();
        File.Delete(missing.FileName);
        var threw = await TryAsync(() => tryAdd(mutex, resource, missing, Long, default)).ConfigureAwait(false) is FileNotFoundException;
        Check.That(
            threw && !await other.IsLockedAsync(resource).ConfigureAwait(false),
            "If adding throws, the caller hears of it, and the lock is free.",
            threw ? "adding threw, and the lock was still there." : "adding threw, and the caller never heard of it.",
            "put all that happens under the lock into the scope, and let exceptions pass.");

        await using var held = await other.AcquireAsync(resource).ConfigureAwait(false);
        var before = counter.Read();
        var result = await tryAdd(mutex, resource, counter, TimeSpan.FromMilliseconds(200), default).ConfigureAwait(false);
        Check.That(
            !result && counter.Read() == before,
            "If the lock cannot be had in time, nothing is added, and the answer is false.",
            $"somebody else held the lock; the answer was {result}, and {counter.Read() - before} was added.",
            "TryAcquireAsync returns null if the lock could not be had.");

        using var closing = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        var ended = TryAsync(() => tryAdd(mutex, resource, counter, Long, closing.Token));
        var inTime = await Task.WhenAny(ended, Task.Delay(Long / 2)).ConfigureAwait(false) == ended;
        Check.That(
            inTime && await ended.ConfigureAwait(false) is OperationCanceledException && counter.Read() == before,
            "If it is cancelled it stops waiting, and throws OperationCanceledException.",
            inTime ? "it was cancelled while it waited, and threw no OperationCanceledException." : "it was cancelled, and went on waiting.",
            "hand the cancellationToken on.");
    }

    private static async Task<Exception?> TryAsync(Func<Task> action)
    {
        try
        {
            await action().ConfigureAwait(false);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }
}
