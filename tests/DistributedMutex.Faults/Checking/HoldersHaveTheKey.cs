using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Checking;

/// <summary>
/// Whoever believes, after Redis was seen to hold another's token or none, was not told or does not listen. While data is
/// being lost there may be two masters, of which the one that was looked at need not be the holder's.
/// </summary>
internal sealed class HoldersHaveTheKey : IRule
{
    public string Name => "holders have the key";

    public IEnumerable<Violation> Check(RunHistory history) =>
        from pair in Observations.Of(history).Where(pair => IsWrong(history, pair.Hold, pair.Observed)).DistinctBy(pair => pair.Hold)
        let hold = pair.Hold
        select new Violation(
            Name,
            $"{hold.Invoked.Who} believed that it held {hold.Lock} after Redis had it no more",
            [hold.Invoked, hold.Ended!, hold.Samples[0].Event, pair.Observed, hold.Samples[^1].Event, .. history.FaultsBetween(hold.EndedAt, pair.Observed.At)]);

    private static bool IsWrong(RunHistory history, Operation hold, HistoryEvent observed) =>
        observed["token"] != hold.Token
        && hold.Samples[^1].Moment.From > observed.At
        && !history.IsLosing(hold.Lock, observed.At)
        && !history.IsExcusedByLoss(hold, hold.Samples[^1].Moment.From);
}
