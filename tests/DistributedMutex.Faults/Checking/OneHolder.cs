using System.Globalization;
using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Checking;

/// <summary>
/// Two holds of a lock never overlap while both believe. Where data was lost they may, for as long as a lease: those
/// overlaps are counted, and it is the fence that has to catch them.
/// </summary>
internal sealed class OneHolder : IRule
{
    public string Name => "one holder";

    public IEnumerable<Violation> Check(RunHistory history) => Overlaps(history).Where(overlap => !overlap.IsExcused).Select(overlap => new Violation(
        Name,
        string.Create(CultureInfo.InvariantCulture, $"two believed that they held {overlap.One.Lock}, for {(overlap.To - overlap.From) * 1000:F1} ms or more"),
        [.. EvidenceOf(overlap.One), .. EvidenceOf(overlap.Other), .. history.FaultsBetween(overlap.From - 5, overlap.To)]));

    public static IEnumerable<Overlap> Overlaps(RunHistory history)
    {
        foreach (var ofLock in history.ByLock)
        {
            Operation? longest = null;
            var until = double.NegativeInfinity;
            foreach (var (hold, from, to) in ofLock.Where(hold => hold.Belief is not null).Select(Certain).OrderBy(hold => hold.From))
            {
                // The one that lasts longest of those that began earlier: if there is any overlap, there is one with it.
                if (longest is not null && Math.Min(until, to) - from is var overlap && overlap > 0 && IsWhole(hold, until, to))
                {
                    yield return new Overlap(longest, hold, from, from + overlap, history.IsExcusedByLoss(longest.EndedAt < hold.EndedAt ? longest : hold, from));
                }

                if (to > until && IsInterval(hold))
                {
                    (longest, until) = (hold, to);
                }
            }
        }
    }

    // A hold that was looked at only once is known for an instant, somewhere between two times.
    private static (Operation Hold, double From, double To) Certain(Operation hold)
    {
        var (first, last) = hold.Belief!.Value;
        return IsInterval(hold) ? (hold, first.To, last.From) : (hold, last.From, first.To);
    }

    private static bool IsInterval(Operation hold) => hold.Belief is var (first, last) && first.To <= last.From;

    // An instant overlaps only with what contains all that it may be.
    private static bool IsWhole(Operation hold, double until, double to) => IsInterval(hold) || to <= until;

    private static IEnumerable<HistoryEvent> EvidenceOf(Operation hold) =>
        new[] { hold.Invoked, hold.Ended, hold.Samples.Count > 0 ? hold.Samples[0].Event : null, hold.Samples.Count > 0 ? hold.Samples[^1].Event : null, hold.Release, hold.Released }.OfType<HistoryEvent>();

    /// <summary>Two that believed at once.</summary>
    internal sealed record Overlap(Operation One, Operation Other, double From, double To, bool IsExcused);
}
