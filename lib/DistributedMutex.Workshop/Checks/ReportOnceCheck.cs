namespace DistributedMutex.Workshop;

/// <summary>Checks code that prepares a report once for all who want it (lesson 5).</summary>
public static class ReportOnceCheck
{
    private const int Count = 5;

    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    /// <param name="getReport">Is to return the report that is in the file; or to prepare it, put it there and return it.</param>
    /// <exception cref="CheckFailedException">It is prepared more than once, or somebody waits in vain.</exception>
    public static Task RunAsync(Func<RedisMutex, string, SharedFile, Func<string>, string> getReport) => Check.RunAsync("5.2", async () =>
    {
        using var mutex = new RedisMutex();
        var (resource, prepared, reads) = (Lesson.Name("check"), 0, 0);

        // All who look at once find nothing.
        using var all = new ManualResetEventSlim();
        var file = new SharedFile { AfterRead = MeetOthers };
        var got = new string[Count];
        var call = await Attempt.Run(() => Threads.Run(Count, number => got[number - 1] = getReport(mutex, resource, file, () => $"report {Interlocked.Increment(ref prepared)}"))).ConfigureAwait(false);
        Check.That(
            call.Returned && prepared == 1,
            $"{Count} threads want the report, and it is prepared once.",
            call.Or($"{Count} threads wanted the report, and it was prepared {prepared} times."),
            "while you waited for the lock, somebody else may have done the work. How do you find out?",
            "look again when you have the lock: file.Read(), and prepare only if there is still nothing.");
        Check.That(
            got.All(one => one == "report 1") && file.Read().SequenceEqual(["report 1"]),
            "All have got the same.",
            $"they got: {string.Join(", ", got)}; the file has: {string.Join(", ", file.Read())}.",
            "what is in the file is what everybody is to get.",
            "file.Write([report]), and return it; or return the line that is there.");

        using var other = new RedisMutex();
        using (other.Acquire(resource))
        {
            call = await Attempt.Run(() => { got[0] = getReport(mutex, resource, file, () => "another"); }).ConfigureAwait(false);
        }

        Check.That(
            call.Returned && got[0] == "report 1",
            "What is there already is had without the lock.",
            call.Or("somebody else held the lock, the report was there, and", $"the report was there, and you returned '{got[0]}'."),
            "who only wants what is there already: what is there to wait for?",
            "look before you lock as well.");

        var (empty, thrown) = (new SharedFile(), new InvalidOperationException("No paper."));
        call = await Attempt.Run(() => { getReport(mutex, resource, empty, () => throw thrown); }).ConfigureAwait(false);
        Check.That(
            call.Thrown == thrown && !await mutex.IsLockedAsync(resource).ConfigureAwait(false),
            "If preparing throws, the caller hears of it, and the lock is free.",
            call.Thrown == thrown ? "preparing threw, and the lock was still there." : call.Or("preparing threw, and", "preparing threw, and the caller never heard of it."),
            "which of your lines run when preparing throws?",
            "using (mutex.Acquire(resource)) { … }, and no catch.");

        void MeetOthers()
        {
            if (Interlocked.Increment(ref reads) == Count)
            {
                all.Set();
            }
            else
            {
                all.Wait(Short);
            }
        }
    });
}
