using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Checking;

/// <summary>
/// Whoever holds later has the greater fence. The order is that of what was seen to be held, since between the grant
/// and its holder's first look anything may lie. Where data was lost, a holder that does not know it has an old fence.
/// </summary>
internal sealed class FencesRise : IRule
{
    public string Name => "fences rise";

    public IEnumerable<Violation> Check(RunHistory history)
    {
        foreach (var ofLock in history.ByLock)
        {
            var holds = ofLock.Where(hold => hold.Fence is not null && hold.Belief is not null).ToList();
            var earlier = holds.OrderBy(hold => hold.Belief!.Value.First.To).ToList();
            Operation? greatest = null;
            var seen = 0;
            foreach (var hold in holds.OrderBy(hold => hold.Belief!.Value.First.From))
            {
                var from = hold.Belief!.Value.First.From;
                for (; earlier[seen].Belief!.Value.First.To < from; seen++)
                {
                    greatest = greatest is null || earlier[seen].Fence > greatest.Fence ? earlier[seen] : greatest;
                }

                if (greatest?.Fence >= hold.Fence && !history.IsExcusedByLoss(hold, from))
                {
                    yield return new Violation(
                        Name,
                        $"{hold.Fence} came after {greatest!.Fence} on {ofLock.Key}",
                        [greatest.Ended!, greatest.Samples.Count > 0 ? greatest.Samples[0].Event : greatest.Release!, hold.Invoked, hold.Ended!, hold.Samples.Count > 0 ? hold.Samples[0].Event : hold.Release!]);
                }
            }
        }
    }
}
