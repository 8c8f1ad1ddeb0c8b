using DistributedMutex.Benchmarks.Load;
using DistributedMutex.Benchmarks.Locks;
using DistributedMutex.Benchmarks.Reports;

namespace DistributedMutex.Benchmarks.Suites;

/// <summary>Contention inside one instance: alone, and with a second process that wants the same key now and then.</summary>
internal static class Inside
{
    private const int GuestPauseMilliseconds = 20;

    public static async Task<IReadOnlyList<Table>> RunAsync(Arena arena, BenchmarkOptions options) =>
    [
        await MeasureAsync("inside one instance, tasks", arena, threads: false, options),
        await MeasureAsync("inside one instance, threads", arena, threads: true, options),
        await MeasureWithGuestAsync(arena, options),
    ];

    private static async Task<Table> MeasureAsync(string title, Arena arena, bool threads, BenchmarkOptions options)
    {
        var table = new ContentionTable(title);
        foreach (var workers in options.Workers)
        {
            foreach (var kind in LockKind.Contended)
            {
                using var client = arena.NewClient();
                var roundTrip = await Arena.RoundTripAsync(client.Database);
                var load = new LockLoad(kind.Name, arena.NewResource(), workers) { OneInstance = true, Threads = threads };
                var cell = await Cell.MeasureAsync(options.Time, (new Crew(client.Connection), load));
                table.Add(kind, workers, cell, roundTrip);
            }
        }

        return table.Table;
    }

    private static async Task<Table> MeasureWithGuestAsync(Arena arena, BenchmarkOptions options)
    {
        var table = new Table(
            "inside one instance, with a second process on the same key",
            "workers", "as", "hand-offs/s", "Jain inside", "second's turns/s", "its median wait, hand-overs", "its longest wait, hand-overs", "its longest wait, ms");
        using var guest = new CrewProcess(arena.Port);
        await guest.WaitUntilReadyAsync();
        foreach (var workers in options.Workers)
        {
            foreach (var threads in (bool[])[false, true])
            {
                using var client = arena.NewClient();
                var load = new LockLoad(LockKind.Mutex.Name, arena.NewResource(), workers) { OneInstance = true, Threads = threads };
                var guestLoad = load with { FirstWorker = workers, Workers = 1, Threads = false, PauseMilliseconds = GuestPauseMilliseconds };
                var cell = await Cell.MeasureAsync(options.Time, (new Crew(client.Connection), load), (guest, guestLoad));
                var inside = new Figures([.. cell.Log.Where(turn => turn.Worker != workers)], workers, cell.From, cell.To);
                var second = new Figures([.. cell.Log.Where(turn => turn.Worker == workers)], 1, cell.From, cell.To);
                var waits = Figures.OthersDuringWaitsOf(workers, cell.Log, cell.From, cell.To);
                var form = threads ? "threads" : "tasks";
                table.Add(
                    workers,
                    form,
                    cell.Figures.HandOffs / cell.Figures.Span.TotalSeconds,
                    inside.Jain,
                    second.Acquisitions / second.Span.TotalSeconds,
                    waits.Length == 0 ? null : waits[waits.Length / 2],
                    waits.Length == 0 ? null : waits[^1],
                    second.LongestWait.TotalMilliseconds);
                table.Note($"{workers} {form}", cell.Problems);
            }
        }

        return table;
    }
}
