using DistributedMutex.Faults.History;

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
            var (fence, value) = (0L, 0L);
            foreach (var entry in journal)
            {
                if (entry.Fence < fence)
                {
                    yield return new Violation(Name, $"{name} took fence {entry.Fence} of {entry.Who} after {fence}", []);
                }

                if (entry.Value != value + (entry.IsWrite ? 1 : 0))
                {
                    yield return new Violation(Name, $"{name} was {value} when {entry.Who} wrote {entry.Value}: an update that was accepted is lost", []);
                }

                (fence, value) = (entry.Fence, entry.Value);
            }
        }
    }
}
