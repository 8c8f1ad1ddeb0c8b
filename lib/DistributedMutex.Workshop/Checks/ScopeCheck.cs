namespace DistributedMutex.Workshop;

/// <summary>Checks code that adds to a counter under a lock, if it can be had in time (lesson 3).</summary>
public static class ScopeCheck
{
    /// <summary>Calls what is checked: the mutex, the resource, the counter, how long to wait, and a token that ends the wait.</summary>
    public delegate Task<bool> Adding(RedisMutex mutex, string resource, CounterFile counter, TimeSpan wait, CancellationToken cancellationToken);

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);

    /// <param name="tryAdd">Is to add 1 under the lock and return true, or to return false, or to throw if it is cancelled.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static Task RunAsync(Adding tryAdd) => Check.RunAsync("3.1", async () =>
    {
        await using var mutex = new RedisMutex();
        await using var other = new RedisMutex();
        await TogetherAsync(mutex, tryAdd).ConfigureAwait(false);
        await IfAddingThrowsAsync(mutex, tryAdd).ConfigureAwait(false);
        await IfItIsTakenAsync(mutex, other, tryAdd).ConfigureAwait(false);
        await IfItIsCancelledAsync(mutex, other, tryAdd).ConfigureAwait(false);
    });

    private static async Task TogetherAsync(RedisMutex mutex, Adding tryAdd)
    {
        var (resource, counter) = (Lesson.Name("check"), new CounterFile());
        var first = await Attempt.RunAsync(() => tryAdd(mutex, resource, counter, Short, default)).ConfigureAwait(false);
        Check.That(
            first.Result && counter.Read() == 1,
            "If the lock is free, 1 is added, and the answer is true.",
            first.Or($"the lock was free; {counter.Read()} was added, and the answer was {first.Result}."),
            "what is to happen when all goes well?",
            "counter.AddOne() within the scope, then return true.");
        Check.That(
            !await mutex.IsLockedAsync(resource).ConfigureAwait(false),
            "Afterwards, the lock is free.",
            "you never unlocked: afterwards, the lock was still there.",
            "what ends the scope?",
            "await using var held = …: it is disposed at the end of its block.");

        counter.Write(0);
        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Attempt.RunAsync(() => tryAdd(mutex, resource, counter, Long, default)))).ConfigureAwait(false);
        var found = counter.Read();
        Check.That(
            found == all.Length && all.All(one => one.Result),
            $"{all.Length} tasks add, {found} are counted.",
            (all.FirstOrDefault(one => !one.Returned) ?? all[0]).Or($"{all.Length} tasks added, {found} were counted, {all.Count(one => one.Result)} returned true."),
            "from the read to the write, only one may be inside.",
            "call counter.AddOne() within the scope of the lock.");
    }

    private static async Task IfAddingThrowsAsync(RedisMutex mutex, Adding tryAdd)
    {
        var (resource, missing) = (Lesson.Name("check"), new CounterFile());
        File.Delete(missing.FileName);
        var call = await Attempt.RunAsync(() => tryAdd(mutex, resource, missing, Short, default)).ConfigureAwait(false);
        Check.That(
            call.Thrown is FileNotFoundException,
            "If adding throws, the caller hears of it.",
            call.Returned ? "adding threw, and the caller never heard of it." : call.Or("adding threw, and"),
            "whoever called you wants to know that nothing was added.",
            "no catch: let exceptions pass.");
        Check.That(
            !await mutex.IsLockedAsync(resource).ConfigureAwait(false),
            "If adding throws, the lock is free.",
            "adding threw, and the lock was still there.",
            "which of your lines run when adding throws?",
            "a scope ends however its block ends: await using var held = await mutex.TryAcquireAsync(…).");
    }

    private static async Task IfItIsTakenAsync(RedisMutex mutex, RedisMutex other, Adding tryAdd)
    {
        var (resource, counter) = (Lesson.Name("check"), new CounterFile());

        // Of the same instance: Unlock would give back its lock.
        await mutex.LockAsync(resource).ConfigureAwait(false);
        await RefusedAsync(resource).ConfigureAwait(false);
        Check.That(
            await other.IsLockedAsync(resource).ConfigureAwait(false),
            "And whoever has the lock keeps it.",
            "somebody else held the lock, and you gave it back.",
            "the fault that this lesson opened with: whose lock does your finally unlock?",
            "a scope gives back its own lock and no other: TryAcquireAsync. With Lock, return before the try if it says false.");

        resource = Lesson.Name("check");
        await using var held = await other.AcquireAsync(resource).ConfigureAwait(false);
        await RefusedAsync(resource).ConfigureAwait(false);

        async Task RefusedAsync(string resource)
        {
            var call = await Attempt.RunAsync(() => tryAdd(mutex, resource, counter, Short, default)).ConfigureAwait(false);
            Check.That(
                call.Returned && !call.Result && counter.Read() == 0,
                "If the lock cannot be had in time, nothing is added, and the answer is false.",
                call.Or("somebody else held the lock, and", $"somebody else held the lock; the answer was {call.Result}, and {counter.Read()} was added."),
                call.IsLate ? "the caller said how long to wait." : "how do you hear that the lock could not be had, and what do you do then?",
                "TryAcquireAsync(resource, wait, …) returns null if the lock could not be had: then return false.");
        }
    }

    private static async Task IfItIsCancelledAsync(RedisMutex mutex, RedisMutex other, Adding tryAdd)
    {
        var (resource, counter) = (Lesson.Name("check"), new CounterFile());
        await using var held = await other.AcquireAsync(resource).ConfigureAwait(false);
        using var closing = new CancellationTokenSource(Short);
        var call = await Attempt.RunAsync(() => tryAdd(mutex, resource, counter, Long, closing.Token)).ConfigureAwait(false);
        Check.That(
            call.Thrown is OperationCanceledException && counter.Read() == 0,
            "If it is cancelled it stops waiting, and throws OperationCanceledException.",
            call.IsLate ? "it was cancelled, and went on waiting." : call.Returned ? "it was cancelled while it waited, and threw no OperationCanceledException." : call.Or("it was cancelled, and"),
            "who could tell the wait that nobody wants the lock any more?",
            "hand the token on: cancellationToken: cancellationToken.");
    }
}
