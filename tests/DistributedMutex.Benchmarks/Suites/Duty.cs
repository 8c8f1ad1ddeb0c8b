using DistributedMutex.Benchmarks.Load;
using DistributedMutex.Benchmarks.Locks;
using DistributedMutex.Benchmarks.Reports;

namespace DistributedMutex.Benchmarks.Suites;

/// <summary>How much of the time a key that is always wanted is held: 10 workers hold for 5 ms and pause for 10 ms.</summary>
internal static class Duty
{
    private const int Workers = 10;

    public static async Task<IReadOnlyList<Table>> RunAsync(Arena arena, BenchmarkOptions options)
    {
        var table = new Table("10 workers hold 5 ms and pause 10 ms", "lock", "instances", "held, share of time", "hand-offs/s", "commands", "Jain", "longest wait, ms");
        foreach (var kind in LockKind.Contended)
        {
            await AddAsync(kind, oneInstance: false);
        }

        await AddAsync(LockKind.Mutex, oneInstance: true);
        return [table];

        async Task AddAsync(LockKind kind, bool oneInstance)
        {
            using var client = arena.NewClient();
            var load = new LockLoad(kind.Name, arena.NewResource(), Workers) { OneInstance = oneInstance, HoldMilliseconds = 5, PauseMilliseconds = 10 };

            // Twice as long as elsewhere: a poll of 500 ms needs it.
            var cell = await Cell.MeasureAsync(options.Time * 2, (new Crew(client.Connection), load));
            var figures = cell.Figures;
            table.Add(
                kind.Name,
                oneInstance ? "one" : "10",
                figures.Held,
                figures.HandOffs / figures.Span.TotalSeconds,
                cell.CommandsPerAcquisition,
                figures.Jain,
                figures.LongestWait.TotalMilliseconds);
            table.Note(kind.Name, cell.Problems);
        }
    }
}
