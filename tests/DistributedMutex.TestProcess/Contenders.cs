namespace DistributedMutex.TestProcess;

/// <summary>Callers that want a lock again and again, each on a connection of its own, by turns blocking and awaiting; they say what they got.</summary>
internal static class Contenders
{
    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(20);

    /// <summary>One for each resource that is named; a resource may be named more than once.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> resources)
    {
        for (var number = 0; number < resources.Count; number++)
        {
            var (resource, sync) = (resources[number], number % 2 == 1);

            // On a thread of its own: one that blocks must not take a thread from those that await.
            _ = Task.Factory.StartNew(() => ContendAsync(resource, sync), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        await Task.Run(Console.In.ReadToEnd);
        return 0;
    }

    private static async Task ContendAsync(string resource, bool sync)
    {
        using var mutex = new RedisMutex();
        Console.WriteLine($"comes {resource}");
        while (true)
        {
            var held = sync ? mutex.Acquire(resource, Timeout.InfiniteTimeSpan) : await mutex.AcquireAsync(resource, Timeout.InfiniteTimeSpan);
            var wasHeld = held.IsHeld;
            var owner = (string?)await mutex.Database.StringGetAsync("lock:" + resource);

            // It still says so after the server has named somebody else: that is no answer that came too late.
            var verdict = !wasHeld ? "got, lost," : held.IsHeld && owner != held.Token ? "got, of another," : "got";
            Console.WriteLine($"{verdict} {resource}");
            await Task.Delay(Work);
            await held.DisposeAsync();
        }
    }
}
