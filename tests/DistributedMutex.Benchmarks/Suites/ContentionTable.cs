using DistributedMutex.Benchmarks.Load;
using DistributedMutex.Benchmarks.Locks;
using DistributedMutex.Benchmarks.Reports;

namespace DistributedMutex.Benchmarks.Suites;

/// <summary>What the suites with contention tell of each measurement.</summary>
internal sealed class ContentionTable(string title)
{
    public Table Table { get; } = new(
        title, "lock", "workers", "hand-offs/s", "acquisitions/s", "median, RTT", "p99, RTT", "RTT, ms", "commands", "Jain", "turns each", "longest wait, ms");

    public void Add(LockKind kind, int workers, Cell cell, double roundTrip)
    {
        var figures = cell.Figures;
        Table.Add(
            kind.Name,
            workers,
            figures.HandOffs / figures.Span.TotalSeconds,
            figures.Acquisitions / figures.Span.TotalSeconds,
            figures.HandOffTime(0.5) / roundTrip,
            figures.HandOffTime(0.99) / roundTrip,
            roundTrip,
            cell.CommandsPerAcquisition,
            figures.Jain,
            figures.Acquisitions / (double)workers,
            figures.LongestWait.TotalMilliseconds);
        Table.Note($"{kind.Name}, {workers} workers", cell.Problems);
        Console.Error.WriteLine($"  {title}, {workers} workers, {kind.Name}{string.Concat(cell.Problems.Select(problem => $": {problem}"))}");
    }
}
