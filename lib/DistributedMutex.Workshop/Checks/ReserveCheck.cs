using System.Diagnostics;

namespace DistributedMutex.Workshop;

/// <summary>Checks code that hands the lock's scope to its caller, or leaves no lock behind (lesson 3).</summary>
public static class ReserveCheck
{
    // Less than the mutex waits if it is told nothing, and much for one try.
    private static readonly TimeSpan OneTry = TimeSpan.FromSeconds(3);

    /// <param name="reserve">Is to try once, to ask under the lock whether the seat is free, and to return the lock, still held; otherwise null, and no lock.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static Task RunAsync(Func<RedisMutex, string, Func<Task<bool>>, Task<MutexLock>> reserve) => Check.RunAsync("3.2", async () =>
    {
        await using var mutex = new RedisMutex();
        await IfTheSeatIsFreeAsync(mutex, reserve).ConfigureAwait(false);
        await IfTheSeatIsSoldAsync(mutex, reserve).ConfigureAwait(false);
        await IfSomebodyElseIsAtItAsync(mutex, reserve).ConfigureAwait(false);
    });

    private static async Task IfTheSeatIsFreeAsync(RedisMutex mutex, Func<RedisMutex, string, Func<Task<bool>>, Task<MutexLock>> reserve)
    {
        var (seat, asked, locked) = (Lesson.Name("check"), 0, false);
        var call = await Attempt.RunAsync(() => reserve(mutex, seat, () =>
        {
            (asked, locked) = (asked + 1, IsLocked(seat));
            return Task.FromResult(true);
        })).ConfigureAwait(false);
        Check.That(
            call.Returned && asked == 1 && locked,
            "The seat is looked at once, under the lock.",
            call.Or(asked == 1 ? "while you asked whether the seat is free, there was no lock in Redis." : $"you asked {asked} times whether the seat is free."),
            "what is the answer worth, if somebody else may take the seat right after it?",
            "lock first, then await isFree().");
        Check.That(
            call.Result is { IsHeld: true } && IsLocked(seat),
            "The caller gets the lock, and it is still held.",
            call.Result is null ? "the seat was free, and the caller got null." : "the caller got a lock that was given back already.",
            "using ends the scope at the end of your function. Whose is the lock after that?",
            "no using here: var held = await mutex.TryAcquireAsync(…), and return held.");
        await call.Result!.DisposeAsync().ConfigureAwait(false);
        Check.That(
            !IsLocked(seat),
            "When the caller disposes it, the lock is free.",
            "the caller disposed the lock, and there was still one in Redis.",
            "how many locks does your function take?",
            "one TryAcquireAsync, and what it gives is what you return.");
    }

    private static async Task IfTheSeatIsSoldAsync(RedisMutex mutex, Func<RedisMutex, string, Func<Task<bool>>, Task<MutexLock>> reserve)
    {
        var seat = Lesson.Name("check");
        var call = await Attempt.RunAsync(() => reserve(mutex, seat, () => Task.FromResult(false))).ConfigureAwait(false);
        Check.That(
            call.Returned && call.Result is null && !IsLocked(seat),
            "If the seat is sold, the caller gets null, and the lock is free.",
            call.Or("the seat was sold, and", call.Result is null ? "the seat was sold, the caller got null, and the lock was still there." : "the seat was sold, and the caller got a lock."),
            "who can give back a lock of which the caller knows nothing?",
            "await held.DisposeAsync() before you return null.");

        var (other, thrown) = (Lesson.Name("check"), new InvalidOperationException("The plan of the hall is missing."));
        call = await Attempt.RunAsync(() => reserve(mutex, other, () => throw thrown)).ConfigureAwait(false);
        Check.That(
            call.Thrown == thrown && !IsLocked(other),
            "If looking throws, the caller hears of it, and the lock is free.",
            call.Thrown == thrown ? "looking threw, and the lock was still there." : call.Or("looking threw, and", "looking threw, and the caller never heard of it."),
            "which ways lead out of your function, and on which of them does the caller get the lock?",
            "try { … } catch { await held.DisposeAsync(); throw; }");
    }

    private static async Task IfSomebodyElseIsAtItAsync(RedisMutex mutex, Func<RedisMutex, string, Func<Task<bool>>, Task<MutexLock>> reserve)
    {
        var (seat, asked) = (Lesson.Name("check"), 0);
        await using var other = await mutex.AcquireAsync(seat).ConfigureAwait(false);
        var started = Stopwatch.GetTimestamp();
        var call = await Attempt.RunAsync(() => reserve(mutex, seat, () => Task.FromResult(++asked > 0))).ConfigureAwait(false);
        var took = Stopwatch.GetElapsedTime(started);
        Check.That(
            call.Returned && call.Result is null && asked == 0 && other.IsHeld,
            "If somebody else is at it, the caller gets null.",
            call.Or("somebody else held the lock, and", "somebody else held the lock, and you went on."),
            "what does TryAcquireAsync return then?",
            "if (held is null) { return null; }");
        Check.That(
            took < OneTry,
            "It is one try: nobody waits.",
            $"somebody else held the lock, and it took you {took.TotalSeconds:0} s to say so.",
            "how long does the mutex wait, if you say nothing?",
            "TryAcquireAsync(seat, wait: TimeSpan.Zero).");
    }

    private static bool IsLocked(string seat) => RedisCli.Ask($"EXISTS lock:{seat}") == "1";
}
