namespace DistributedMutex.Workshop;

/// <summary>Checks code that adds 1 to a counter (lesson 1).</summary>
public static class CounterCheck
{
    private const int Count = 5;

    private const int Each = 4;

    private const int Times = 20;

    /// <summary>Five threads of this process call <paramref name="addOne"/>, four times each.</summary>
    /// <exception cref="CheckFailedException">An update was lost.</exception>
    public static void WithFiveThreads(CounterFile counter, Action addOne)
    {
        counter.Write(0);
        Threads.Run(Count, _ =>
        {
            for (var i = 0; i < Each; i++)
            {
                addOne();
            }
        });
        var found = counter.Read();
        Check.That(
            found == Count * Each,
            $"Five threads: {Count * Each} updates, {found} counted.",
            $"five threads made {Count * Each} updates, {found} were counted.",
            "from the read to the write, only one thread may be inside. Is all of it inside the lock?");
    }

    /// <summary>Another process adds to the counter under the mutex for <paramref name="resource"/> while <paramref name="addOne"/> is called here.</summary>
    /// <exception cref="CheckFailedException">An update was lost, or the other process did not get the lock.</exception>
    public static async Task WithAnotherProcessAsync(CounterFile counter, string resource, Action addOne)
    {
        counter.Write(0);
        int here, there;
        try
        {
            (here, there) = await AnotherProcess.AddsTooAsync(counter, Times, addOne, resource).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new CheckFailedException(e.Message, "whoever locks must unlock, each time.");
        }

        var found = counter.Read();
        Check.That(
            found == here + there,
            "Two processes: every update was counted.",
            $"two processes made {here + there} updates, {found} were counted.",
            $"a `lock` is known to this process only. Both must ask the same third party: lock \"{resource}\" with the mutex.");
    }
}
