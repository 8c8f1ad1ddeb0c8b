using System.Diagnostics;
using DistributedMutex.Benchmarks.Reports;

namespace DistributedMutex.Benchmarks.Load;

/// <summary>
/// Runs that are compared, a few ms of each in every round and in another order each time: what else the machine does, or how
/// it drifts, meets all alike. A ratio is taken within a round; what is told is the median of all rounds.
/// </summary>
internal sealed class Rounds
{
    private const int RoundsForBytes = 15;

    // With the machine busy, it was 3 s before the runtime had compiled everything for the second time; until then the floor, which is less code, looks better.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(4);

    // By run, then by round; in µs a pair.
    private readonly List<double>[] _times;
    private readonly List<double>[] _bytes;

    private Rounds(int runs)
    {
        _times = [.. Enumerable.Range(0, runs).Select(_ => new List<double>())];
        _bytes = [.. Enumerable.Range(0, runs).Select(_ => new List<double>())];
    }

    /// <param name="runs">Each does some pairs and says how many. The first is what the others are compared with.</param>
    /// <param name="time">How long, after a warm-up.</param>
    public static async Task<Rounds> MeasureAsync(IReadOnlyList<Func<Task<int>>> runs, TimeSpan time)
    {
        var order = Enumerable.Range(0, runs.Count).ToArray();
        var random = new Random(1);
        await RunAsync(new Rounds(runs.Count), WarmUp);
        var rounds = new Rounds(runs.Count);
        await RunAsync(rounds, time);
        for (var round = 0; round < RoundsForBytes; round++)
        {
            foreach (var run in order)
            {
                var before = GC.GetTotalAllocatedBytes(precise: true);
                var pairs = await runs[run]();
                rounds._bytes[run].Add((GC.GetTotalAllocatedBytes(precise: true) - before) / (double)pairs);
            }
        }

        return rounds;

        async Task RunAsync(Rounds into, TimeSpan span)
        {
            for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < span;)
            {
                random.Shuffle(order);
                foreach (var run in order)
                {
                    var started = Stopwatch.GetTimestamp();
                    var pairs = await runs[run]();
                    into._times[run].Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds / pairs);
                }
            }
        }
    }

    /// <summary>In µs.</summary>
    public double Median(int run) => Estimate.OfMedian(_times[run]).Value;

    /// <summary>Its time by that of the first run.</summary>
    public Estimate Ratio(int run) => Estimate.OfMedian(_times[run].Zip(_times[0], (time, first) => time / first));

    /// <summary>Allocated in the process for each pair, the Redis client's own included.</summary>
    public double Bytes(int run) => Estimate.OfMedian(_bytes[run]).Value;
}
