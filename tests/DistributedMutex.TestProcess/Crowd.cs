namespace DistributedMutex.TestProcess;

/// <summary>Hundreds of blocking threads and as many tasks on one lock, in a process with next to no thread pool.</summary>
internal static class Crowd
{
    private const int Each = 150;

    public static async Task<int> RunAsync(string resource)
    {
        ThreadPool.SetMinThreads(2, 2);
        ThreadPool.SetMaxThreads(4, 4);
        var unobserved = 0;
        TaskScheduler.UnobservedTaskException += (_, _) => Interlocked.Increment(ref unobserved);
        var (inside, doubled, held) = (0, 0, 0);

        using (var mutex = new RedisMutex())
        using (var other = new RedisMutex())
        {
            var threads = Enumerable.Range(0, Each).Select(number => new Thread(() =>
            {
                var by = number % 2 == 0 ? mutex : other;
                if (by.Lock(resource, TimeSpan.FromMinutes(2)))
                {
                    Inside();
                    by.Unlock(resource);
                }
            })).ToList();
            threads.ForEach(thread => thread.Start());
            var tasks = Enumerable.Range(0, Each).Select(async number =>
            {
                await using var scope = await (number % 2 == 0 ? mutex : other).AcquireAsync(resource, TimeSpan.FromMinutes(2));
                Inside();
            }).ToList();
            await Task.WhenAll(tasks);
            threads.ForEach(thread => thread.Join());
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        Console.WriteLine($"held {held} doubled {doubled} unobserved {unobserved}");
        return held == 2 * Each && doubled == 0 && unobserved == 0 ? 0 : 1;

        void Inside()
        {
            if (Interlocked.Increment(ref inside) != 1)
            {
                Interlocked.Increment(ref doubled);
            }

            Interlocked.Increment(ref held);
            Interlocked.Decrement(ref inside);
        }
    }
}
