using DistributedMutex.Benchmarks.Load;
using DistributedMutex.Benchmarks.Locks;
using DistributedMutex.Benchmarks.Reports;

namespace DistributedMutex.Benchmarks.Suites;

/// <summary>What the suites with contention tell of each measurement.</summary>
internal sealed class ContentionTable(string title)
{
    // By number of workers, so that those who are compared stand together.
    private readonly Dictionary<int, (LockKind Kind, Cell Cell, double RoundTrip)[]> _cells = [];

    public void Add(LockKind kind, int workers, Cell cell, double roundTrip)
    {
        _cells[workers] = [.. _cells.GetValueOrDefault(workers, []), (kind, cell, roundTrip)];
        Console.Error.WriteLine($"  {title}, {workers} workers, {kind.Name}{string.Concat(cell.Problems.Select(problem => $": {problem}"))}");
    }

    public Table ToTable()
    {
        var table = new Table(
            title, "lock", "workers", "hand-offs/s", "× poll 100 ms", "acquisitions/s", "median, RTT", "p99, RTT", "RTT, ms", "commands", "Jain", "turns each", "longest wait, ms");
        foreach (var (workers, cells) in _cells)
        {
            var poll = cells.FirstOrDefault(entry => entry.Kind == LockKind.Poll100).Cell?.Figures;
            foreach (var (kind, cell, roundTrip) in cells)
            {
                var figures = cell.Figures;
                var handOffs = figures.HandOffs / figures.Span.TotalSeconds;
                table.Add(
                    kind.Name,
                    workers,
                    handOffs,
                    handOffs / (poll?.HandOffs / poll?.Span.TotalSeconds),
                    figures.Acquisitions / figures.Span.TotalSeconds,
                    figures.HandOffTime(0.5) / roundTrip,
                    figures.HandOffTime(0.99) / roundTrip,
                    roundTrip,
                    cell.CommandsPerAcquisition,
                    figures.Jain,
                    figures.Acquisitions / (double)workers,
                    figures.LongestWait.TotalMilliseconds);
                table.Note($"{kind.Name}, {workers} workers", cell.Problems);
            }
        }

        return table;
    }
}
