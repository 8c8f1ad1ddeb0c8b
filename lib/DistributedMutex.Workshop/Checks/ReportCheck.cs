namespace DistributedMutex.Workshop;

/// <summary>Checks code that prepares a report and adds it to a file under a lock (lesson 5).</summary>
public static class ReportCheck
{
    private const int Count = 5;

    // For what must not happen, and for what must.
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(1);

    /// <param name="addReport">Is to prepare a report outside of the lock, and to add it to the file's lines under it.</param>
    /// <exception cref="CheckFailedException">A report is lost, or the lock is held for too long.</exception>
    public static Task RunAsync(Action<RedisMutex, string, SharedFile, Func<string>> addReport) => Check.RunAsync("5.1", async () =>
    {
        using var mutex = new RedisMutex();
        var wroteUnderLock = await OnceAsync(mutex, addReport).ConfigureAwait(false);
        var resource = Lesson.Name("check");
        var expected = Enumerable.Range(1, Count).Select(number => $"report {number}").ToList();

        // Whoever has read is held up until a second one reads as well: two that can be there at once will be.
        using var two = new ManualResetEventSlim();
        var inside = new HashSet<int>();
        var file = new SharedFile { AfterRead = Enter, AfterWrite = Leave };

        using var all = new ManualResetEventSlim();
        var (prepared, apart) = (0, false);
        var call = await Attempt.Run(() => Threads.Run(Count, number => addReport(mutex, resource, file, () =>
        {
            if (Interlocked.Increment(ref prepared) == Count)
            {
                all.Set();
            }
            else if (!apart)
            {
                apart = !all.Wait(Long);
            }

            return expected[number - 1];
        }))).ConfigureAwait(false);

        var overlapped = two.IsSet;
        var found = file.Read();
        Check.That(
            call.Returned && !overlapped && found.Count == Count && expected.TrueForAll(report => found.Any(line => line.EndsWith(report, StringComparison.Ordinal))),
            $"{Count} threads added a report, {Count} are in the file.",
            call.Or(overlapped ? "one thread had read the file and not yet written it when another read it too." : $"{Count} threads added a report; the file has {found.Count}: {string.Join(", ", found)}."),
            "from the read to the write, only one may be inside. What belongs under the lock?",
            "using (mutex.Acquire(resource)) around all of it: the read, the thinking and the write.");
        Check.That(
            wroteUnderLock,
            "Each had the lock until it had written.",
            "it was written when nobody had the lock: another could have read it too.",
            "until when must nobody else read?",
            "using (mutex.Acquire(resource)) around all of it: the read, the thinking and the write.");
        Check.That(
            prepared == Count && !apart,
            $"All {Count} prepared at the same time.",
            prepared == Count ? "only one thread could prepare at a time: the others waited for the lock." : $"{prepared} reports were prepared, not {Count}.",
            "what of this does not need the file?",
            "var report = prepare(); before you lock.");

        void Enter()
        {
            bool waits;
            lock (inside)
            {
                inside.Add(Environment.CurrentManagedThreadId);
                if (inside.Count > 1)
                {
                    two.Set();
                }

                waits = !two.IsSet;
            }

            if (waits)
            {
                two.Wait(Short);
            }
        }

        void Leave()
        {
            lock (inside)
            {
                inside.Remove(Environment.CurrentManagedThreadId);
            }
        }
    });

    // First, so that whoever never unlocks is told that, and not that the others waited in vain. True: it wrote under the lock,
    // which can be seen for certain while nobody else wants it.
    private static async Task<bool> OnceAsync(RedisMutex mutex, Action<RedisMutex, string, SharedFile, Func<string>> addReport)
    {
        var (resource, wroteUnderLock) = (Lesson.Name("check"), false);
        var file = new SharedFile { AfterWrite = () => wroteUnderLock = mutex.Database.KeyExists("lock:" + resource) };
        var call = await Attempt.Run(() => addReport(mutex, resource, file, () => "report")).ConfigureAwait(false);
        Check.That(
            call.Returned && file.Read().Count == 1,
            "One call adds one report.",
            call.Or($"one call added {file.Read().Count} lines."),
            "prepare, read, think, write: what is missing?",
            "file.Write([.. file.Read(), report]);");
        Check.That(
            !await mutex.IsLockedAsync(resource).ConfigureAwait(false),
            "Afterwards, the lock is free.",
            "you never unlocked: afterwards, the lock was still there.",
            "who gives the lock back?",
            "using (mutex.Acquire(resource)) { … }");
        return wroteUnderLock;
    }
}
