using System.Diagnostics;

namespace DistributedMutex.Benchmarks.Load;

/// <summary>What a log of turns says about a stretch of time.</summary>
internal sealed class Figures
{
    private readonly double[] _handOffTimes;

    public Figures(IReadOnlyList<Turn> log, int workers, long from, long to)
    {
        var turns = log.Where(turn => turn.Acquired >= from && turn.Acquired < to).OrderBy(turn => turn.Acquired).ToArray();
        var pairs = turns.Zip(turns.Skip(1)).ToArray();
        Span = Stopwatch.GetElapsedTime(from, to);
        Acquisitions = turns.Length;
        Overlaps = pairs.Count(pair => pair.Second.Acquired < pair.First.Releasing);

        var handOffs = pairs.Where(pair => pair.First.Worker != pair.Second.Worker).ToArray();
        HandOffs = handOffs.Length;

        // Who came after the release was sent did not wait for it.
        _handOffTimes = [.. handOffs
            .Where(pair => pair.Second.Asked < pair.First.Releasing)
            .Select(pair => Stopwatch.GetElapsedTime(pair.First.Releasing, pair.Second.Acquired).TotalMilliseconds)
            .Order()];
        Jain = JainsIndex(turns, workers);
        LongestWait = log
            .Where(turn => turn.Asked < to && turn.Acquired >= from)
            .Select(turn => Stopwatch.GetElapsedTime(turn.Asked, Math.Min(turn.Acquired, to)))
            .DefaultIfEmpty()
            .Max();
        Held = log
            .Where(turn => turn.Acquired < to && turn.Releasing > from)
            .Sum(turn => Stopwatch.GetElapsedTime(Math.Max(turn.Acquired, from), Math.Min(turn.Releasing, to)).TotalSeconds) / Span.TotalSeconds;
    }

    public TimeSpan Span { get; }

    public int Acquisitions { get; }

    /// <summary>How often the lock passed to another worker; a poll loop mostly takes it again itself.</summary>
    public int HandOffs { get; }

    /// <summary>How often somebody had the lock before the holder began to release it: not once, or it is no lock.</summary>
    public int Overlaps { get; }

    /// <summary>Of acquisitions by worker (R. Jain, 1984): 1 if all have as many, 1 / workers if one has them all.</summary>
    public double Jain { get; }

    /// <summary>Those who still wait at the end count with what they have waited so far.</summary>
    public TimeSpan LongestWait { get; }

    /// <summary>The share of the time that the lock is held.</summary>
    public double Held { get; }

    /// <summary>In ms: from just before the release is sent to the moment the next holder's acquire returns.</summary>
    public double? HandOffTime(double quantile) =>
        _handOffTimes.Length == 0 ? null : _handOffTimes[(int)(quantile * _handOffTimes.Length)];

    /// <summary>For each turn of one worker, how many others had the lock while it waited.</summary>
    public static int[] OthersDuringWaitsOf(int worker, IReadOnlyList<Turn> log, long from, long to)
    {
        long[] others = [.. log.Where(turn => turn.Worker != worker && turn.Acquired != Turn.Never).Select(turn => turn.Acquired).Order()];
        return [.. log
            .Where(turn => turn.Worker == worker && turn.Asked >= from && turn.Asked < to)
            .Select(turn => Before(Math.Min(turn.Acquired, to)) - Before(turn.Asked))
            .Order()];

        int Before(long timestamp) => Array.BinarySearch(others, timestamp) is var index && index < 0 ? ~index : index;
    }

    private static double JainsIndex(Turn[] turns, int workers)
    {
        var counts = turns.GroupBy(turn => turn.Worker).Select(group => (double)group.Count()).ToArray();
        return counts.Length == 0 ? 0 : Math.Pow(counts.Sum(), 2) / (workers * counts.Sum(count => count * count));
    }
}
