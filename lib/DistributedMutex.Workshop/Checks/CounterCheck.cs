namespace DistributedMutex.Workshop;

/// <summary>Checks code that adds 1 to a counter (lesson 1).</summary>
public static class CounterCheck
{
    private const int Count = 5;

    private const int Each = 4;

    private const int Times = 20;

    /// <param name="addSafely">Is to add 1 to the counter, while no other thread and no other process does.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static Task RunAsync(Action<RedisMutex, string, CounterFile> addSafely) => Check.RunAsync("1.1", async () =>
    {
        using var mutex = new RedisMutex();
        var counter = new CounterFile();

        // Each step has a lock of its own: what one has left locked is no fault of the next.
        await OnceAsync(mutex, counter, addSafely).ConfigureAwait(false);
        await WithFiveThreadsAsync(mutex, counter, addSafely).ConfigureAwait(false);
        await WithAnotherProcessAsync(mutex, counter, addSafely).ConfigureAwait(false);
    });

    private static async Task OnceAsync(RedisMutex mutex, CounterFile counter, Action<RedisMutex, string, CounterFile> addSafely)
    {
        var resource = Lesson.Name("check");
        var once = await Attempt.Run(() => addSafely(mutex, resource, counter)).ConfigureAwait(false);
        Check.That(
            once.Returned && counter.Read() == 1,
            "One call adds 1.",
            once.Or($"one call added {counter.Read()}."),
            "AddOne of the counter is to be called, once.",
            "counter.AddOne();");
        Check.That(
            !await mutex.IsLockedAsync(resource).ConfigureAwait(false),
            "Afterwards, nobody has to wait.",
            $"you never unlocked: the call was over, and the lock was still there.",
            "who waits for this lock, and for how long?",
            "mutex.Unlock(resource), in a finally.");
    }

    private static async Task WithFiveThreadsAsync(RedisMutex mutex, CounterFile counter, Action<RedisMutex, string, CounterFile> addSafely)
    {
        var resource = Lesson.Name("check");
        counter.Write(0);
        var five = await Attempt.Run(() => Threads.Run(Count, _ =>
        {
            for (var i = 0; i < Each; i++)
            {
                addSafely(mutex, resource, counter);
            }
        })).ConfigureAwait(false);
        var found = counter.Read();
        Check.That(
            five.Returned && found == Count * Each,
            $"Five threads: {Count * Each} updates, {found} counted.",
            five.Or($"five threads made {Count * Each} updates, {found} were counted."),
            "from the read to the write, only one thread may be inside. Is all of it inside the lock?",
            "if (mutex.Lock(resource)) { try { counter.AddOne(); } finally { mutex.Unlock(resource); } }");
    }

    private static async Task WithAnotherProcessAsync(RedisMutex mutex, CounterFile counter, Action<RedisMutex, string, CounterFile> addSafely)
    {
        var resource = Lesson.Name("check");
        counter.Write(0);
        var two = await Attempt.RunAsync(() => AnotherProcess.AddsTooAsync(counter, Times, () => addSafely(mutex, resource, counter), resource)).ConfigureAwait(false);
        var (here, there) = two.Result;
        var found = counter.Read();
        Check.That(
            two.Returned && found == here + there,
            "Two processes: every update was counted.",
            two.Or($"two processes made {here + there} updates, {found} were counted."),
            "a `lock` is known to this process only. Whom could both processes ask?",
            "both lock `resource` with the mutex: mutex.Lock(resource), and Unlock in a finally.");
    }
}
