using DistributedMutex.Benchmarks.Load;
using DistributedMutex.Benchmarks.Locks;
using DistributedMutex.Benchmarks.Reports;
using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Benchmarks.Suites;

/// <summary>Contention between instances on one connection: on loopback, and through a network that takes 5 ms each way.</summary>
internal static class Between
{
    public static async Task<IReadOnlyList<Table>> RunAsync(Arena arena, BenchmarkOptions options)
    {
        using var proxy = new TcpProxy(new RedisSettings { Host = "127.0.0.1", Port = arena.Port }) { Delay = TimeSpan.FromMilliseconds(5) };
        return
        [
            await MeasureAsync("between instances, loopback", arena, arena.Port, handOffMilliseconds: 0.5, options),
            await MeasureAsync("between instances, 5 ms each way", arena, proxy.Settings.Port, handOffMilliseconds: 11, options),
        ];
    }

    private static async Task<Table> MeasureAsync(string title, Arena arena, int port, double handOffMilliseconds, BenchmarkOptions options)
    {
        var table = new ContentionTable(title);
        foreach (var workers in options.Workers)
        {
            foreach (var kind in LockKind.Contended)
            {
                using var client = arena.NewClient(port);
                var roundTrip = await Arena.RoundTripAsync(client.Database);
                var cell = await Cell.MeasureAsync(
                    options.TimeFor(workers, handOffMilliseconds),
                    (new Crew(client.Connection), new LockLoad(kind.Name, arena.NewResource(), workers)));
                table.Add(kind, workers, cell, roundTrip);
            }
        }

        return table.Table;
    }
}
