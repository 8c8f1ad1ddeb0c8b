using System.Collections.Concurrent;
using System.Diagnostics;
using DistributedMutex.Benchmarks.Load;
using DistributedMutex.Benchmarks.Reports;
using Medallion.Threading.Redis;
using StackExchange.Redis;

namespace DistributedMutex.Benchmarks.Suites;

/// <summary>
/// Readers and writers, and permits, beside those of DistributedLock.Redis: by turns, for the same time each, in rounds whose
/// median is told. Whoever holds does so for 1 ms.
/// </summary>
internal static class Family
{
    private const int Rounds = 3;
    private const int Permits = 4;
    private const string Ours = "DistributedMutex";
    private const string Theirs = "DistributedLock";

    private delegate Task<IAsyncDisposable> Take(bool writes, CancellationToken stop);

    public static async Task<IReadOnlyList<Table>> RunAsync(Arena arena, BenchmarkOptions options) =>
    [
        await MeasureAsync("95 % read, 5 % write, 10 workers", 10, writeEvery: 20, ReadWrite, arena, options.Time),
        await MeasureAsync("95 % read, 5 % write, 100 workers", 100, writeEvery: 20, ReadWrite, arena, options.Time),
        await MeasureAsync("a semaphore of 4, 50 workers", 50, writeEvery: 1, Semaphore, arena, options.Time),
        await WaitAsync(arena, options.Time),
    ];

    private static (string Name, Take Take, IDisposable? Owned)[] ReadWrite(RedisClient client, string resource)
    {
        var (mine, other) = (new RedisReadWriteLock(client.Connection), new RedisDistributedReaderWriterLock("distributed-lock:" + resource, client.Database));
        return
        [
            (Ours, async (writes, stop) => writes
                ? await mine.AcquireWriteAsync(resource, Timeout.InfiniteTimeSpan, stop)
                : await mine.AcquireReadAsync(resource, Timeout.InfiniteTimeSpan, stop), mine),
            (Theirs, async (writes, stop) => writes
                ? await other.AcquireWriteLockAsync(cancellationToken: stop)
                : await other.AcquireReadLockAsync(cancellationToken: stop), null),
        ];
    }

    private static (string Name, Take Take, IDisposable? Owned)[] Semaphore(RedisClient client, string resource)
    {
        var (mine, other) = (new RedisSemaphore(resource, Permits, client.Connection), new RedisDistributedSemaphore("distributed-semaphore:" + resource, Permits, client.Database));
        return
        [
            (Ours, async (_, stop) => await mine.AcquireAsync(Timeout.InfiniteTimeSpan, stop), mine),
            (Theirs, async (_, stop) => await other.AcquireAsync(cancellationToken: stop), null),
        ];
    }

    private static async Task<Table> MeasureAsync(
        string title, int workers, int writeEvery, Func<RedisClient, string, (string Name, Take Take, IDisposable? Owned)[]> open, Arena arena, TimeSpan time)
    {
        var table = new Table(title, "lock", "acquisitions/s", "longest wait of a writer or for a permit, ms", "commands");
        using var client = arena.NewClient();
        var kinds = open(client, arena.NewResource());
        var rounds = kinds.ToDictionary(kind => kind.Name, _ => new List<(double PerSecond, double Longest, double Commands)>());

        // The first round warms up.
        for (var round = 0; round <= Rounds; round++)
        {
            foreach (var (name, take, _) in round % 2 == 0 ? kinds : kinds.Reverse())
            {
                var before = client.Connection.OperationCount;
                var (taken, longest) = await LoadAsync(workers, writeEvery, take, time);
                if (round > 0)
                {
                    rounds[name].Add((taken / time.TotalSeconds, longest.TotalMilliseconds, (client.Connection.OperationCount - before) / (double)Math.Max(taken, 1)));
                }
            }
        }

        foreach (var (name, _, owned) in kinds)
        {
            table.Add(name, Median(rounds[name].Select(round => round.PerSecond)), Median(rounds[name].Select(round => round.Longest)), Median(rounds[name].Select(round => round.Commands)));
            owned?.Dispose();
        }

        return table;
    }

    private static async Task<(int Taken, TimeSpan Longest)> LoadAsync(int workers, int writeEvery, Take take, TimeSpan time)
    {
        using var stop = new CancellationTokenSource(time);
        var waits = new ConcurrentBag<TimeSpan>();
        var taken = 0;
        await Task.WhenAll(Enumerable.Range(0, workers).Select(worker => Task.Run(async () =>
        {
            for (var turn = worker; !stop.IsCancellationRequested; turn++)
            {
                var (writes, asked) = (turn % writeEvery == 0, Stopwatch.GetTimestamp());
                try
                {
                    await using var held = await take(writes, stop.Token);
                    Interlocked.Increment(ref taken);
                    await Task.Delay(1, CancellationToken.None);
                }
                catch (OperationCanceledException)
                {
                    // What it has waited so far counts.
                }
                finally
                {
                    if (writes)
                    {
                        waits.Add(Stopwatch.GetElapsedTime(asked));
                    }
                }
            }
        })));
        return (taken, waits.DefaultIfEmpty().Max());
    }

    /// <summary>One writes, and a hundred wait.</summary>
    private static async Task<Table> WaitAsync(Arena arena, TimeSpan time)
    {
        var table = new Table("what 100 waiters cost", "lock", "commands/s");
        using var client = arena.NewClient();
        foreach (var (name, take, owned) in ReadWrite(client, arena.NewResource()))
        {
            using var stop = new CancellationTokenSource();
            await using (await take(true, stop.Token))
            {
                var waiting = Enumerable.Range(0, 100).Select(number => take(number % 2 == 0, stop.Token)).ToList();
                await Task.Delay(500);
                var before = client.Connection.OperationCount;
                await Task.Delay(time);
                table.Add(name, (client.Connection.OperationCount - before) / time.TotalSeconds);
                await stop.CancelAsync();
                await Task.WhenAll(waiting).ContinueWith(static ended => ended.Exception, TaskScheduler.Default);
            }

            owned?.Dispose();
        }

        return table;
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);
}
