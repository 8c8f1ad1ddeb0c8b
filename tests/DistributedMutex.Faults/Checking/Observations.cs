using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Checking;

/// <summary>What was seen of a lock's key while somebody held it.</summary>
internal static class Observations
{
    /// <summary>Each scope, with each look at its key that began after it was acquired and ended before it was released.</summary>
    public static IEnumerable<(Operation Hold, HistoryEvent Observed)> Of(RunHistory history)
    {
        foreach (var hold in history.Operations.Where(hold => hold.Token is not null && hold.Samples.Count > 0 && history.Observed.ContainsKey(hold.Lock)))
        {
            var until = hold.Release?.At ?? hold.Samples[^1].Event.At;
            var observed = history.Observed[hold.Lock];
            for (var i = FirstAfter(observed, hold.EndedAt); i < observed.Count && observed[i].At <= until; i++)
            {
                if (observed[i].Seconds("from") >= hold.EndedAt)
                {
                    yield return (hold, observed[i]);
                }
            }
        }
    }

    private static int FirstAfter(List<HistoryEvent> observed, double time)
    {
        var (low, high) = (0, observed.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = observed[middle].At < time ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
