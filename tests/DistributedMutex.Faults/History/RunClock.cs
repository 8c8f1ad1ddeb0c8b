using System.Diagnostics;

namespace DistributedMutex.Faults.History;

/// <summary>
/// Seconds since the run began. On Linux a Stopwatch reads CLOCK_MONOTONIC, which is one clock for all processes of a
/// machine, whatever language they are written in; so what two of them saw can be put in order.
/// </summary>
internal sealed record RunClock(long Origin)
{
    public double Now => (Stopwatch.GetTimestamp() - Origin) / (double)Stopwatch.Frequency;

    public static RunClock Start() => new(Stopwatch.GetTimestamp());
}
