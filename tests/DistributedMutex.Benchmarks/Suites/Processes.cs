using DistributedMutex.Benchmarks.Load;
using DistributedMutex.Benchmarks.Locks;
using DistributedMutex.Benchmarks.Reports;

namespace DistributedMutex.Benchmarks.Suites;

/// <summary>Contention between processes, each with a connection of its own and its share of the workers; each worker has an instance of its own.</summary>
internal static class Processes
{
    // More would measure the machine's memory.
    private const int Most = 10;

    public static async Task<IReadOnlyList<Table>> RunAsync(Arena arena, BenchmarkOptions options)
    {
        var crews = new List<CrewProcess>();
        try
        {
            while (crews.Count < Math.Min(Most, options.Workers.Max()))
            {
                crews.Add(new CrewProcess(arena.Port));
                await crews[^1].WaitUntilReadyAsync();
            }

            using var client = arena.NewClient();
            var table = new ContentionTable("between processes, loopback");
            foreach (var workers in options.Workers)
            {
                foreach (var kind in LockKind.Contended)
                {
                    var resource = arena.NewResource();
                    var roundTrip = await Arena.RoundTripAsync(client.Database);
                    var cell = await Cell.MeasureAsync(
                        options.TimeFor(workers, handOffMilliseconds: 0.5),
                        [.. crews.Take(workers).Select((crew, index) => ((ICrew)crew, Share(new LockLoad(kind.Name, resource, workers), index)))]);
                    table.Add(kind, workers, cell, roundTrip);
                }
            }

            return [table.Table];
        }
        finally
        {
            foreach (var crew in crews)
            {
                crew.Dispose();
            }
        }
    }

    private static LockLoad Share(LockLoad load, int index)
    {
        var crews = Math.Min(Most, load.Workers);
        var (first, end) = (load.Workers * index / crews, load.Workers * (index + 1) / crews);
        return load with { FirstWorker = first, Workers = end - first };
    }
}
