using System.Globalization;

namespace DistributedMutex.TestProcess;

/// <summary>Callers that read, write or have one of two permits, again and again, each on a connection of its own; they say what they got.</summary>
internal static class Sharers
{
    /// <summary>One for each resource that is named, which holds for so long each time.</summary>
    public static async Task<int> RunAsync(string how, string milliseconds, IReadOnlyList<string> resources)
    {
        var work = TimeSpan.FromMilliseconds(int.Parse(milliseconds, CultureInfo.InvariantCulture));
        foreach (var resource in resources)
        {
            _ = Task.Factory.StartNew(() => ShareAsync(how, resource, work), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        await Task.Run(Console.In.ReadToEnd);
        return 0;
    }

    private static async Task ShareAsync(string how, string resource, TimeSpan work)
    {
        using var locks = new RedisReadWriteLock();
        using var semaphore = new RedisSemaphore(resource, 2);
        while (true)
        {
            using var held = how switch
            {
                "read" => await locks.AcquireReadAsync(resource, Timeout.InfiniteTimeSpan),
                "write" => await locks.AcquireWriteAsync(resource, Timeout.InfiniteTimeSpan),
                _ => await semaphore.AcquireAsync(Timeout.InfiniteTimeSpan),
            };
            var wasHeld = held.IsHeld;
            var isKnown = await locks.Database.SortedSetScoreAsync((how == "permit" ? "semaphore:" : "rwlock:") + resource, held.Token) is not null;
            Console.WriteLine($"{(!wasHeld ? "got, lost," : held.IsHeld && !isKnown ? "got, unknown," : "got")} {resource}");
            await Task.Delay(work);
        }
    }
}
