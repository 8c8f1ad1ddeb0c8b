using DistributedMutex.Faults.History;
using DistributedMutex.Faults.Store;

namespace DistributedMutex.Faults.Checking;

/// <summary>
/// A store that knows fences takes nothing with an older one, and loses no update that it took, whatever happens to the lock.
/// </summary>
internal sealed class StoreStaysRight : IRule
{
    public string Name => "the store stays right";

    public IEnumerable<Violation> Check(RunHistory history)
    {
        foreach (var (name, journal) in history.Journals)
        {
            var last = new JournalEntry(0, 0, false, "-");
            foreach (var entry in journal)
            {
                if (entry.Fence < last.Fence)
                {
                    yield return new Violation(Name, $"{name} took fence {entry.Fence} of {entry.Who} after {last.Fence} of {last.Who}", EvidenceOf(history, name, last, entry));
                }

                if (entry.Value != last.Value + (entry.IsWrite ? 1 : 0))
                {
                    yield return new Violation(Name, $"{name} was {last.Value} when {entry.Who} wrote {entry.Value}: an update that was accepted is lost", EvidenceOf(history, name, last, entry));
                }

                last = entry;
            }
        }
    }

    // The calls that the two entries belong to.
    private static List<HistoryEvent> EvidenceOf(RunHistory history, string name, JournalEntry one, JournalEntry other) =>
    [
        .. history.Operations.Where(call => call.Lock == name && call.Fence is { } fence && (fence == one.Fence || fence == other.Fence))
            .SelectMany(call => new[] { call.Invoked, call.Ended!, call.Release }.OfType<HistoryEvent>().Concat(call.Shown)),
    ];
}
