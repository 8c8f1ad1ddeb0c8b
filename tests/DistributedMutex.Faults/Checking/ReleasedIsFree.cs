using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Checking;

/// <summary>
/// What was given back is not held: whatever became of the first try, a release is repeated until it is answered, and
/// nobody has to wait for the rest of a lease. Looked at where nothing has been broken for a while, and no data was lost
/// since: a replica that has not heard of the release may have become the master.
/// </summary>
internal sealed class ReleasedIsFree : IRule
{
    // Seconds: for new connections, and for the longest pause between two tries, which is one.
    private const double Calm = 4;
    private const double LongRecovery = 10;

    public string Name => "what is released is free";

    public IEnumerable<Violation> Check(RunHistory history)
    {
        var owners = history.Operations.Where(hold => hold.Token is not null && hold.Release is not null).GroupBy(hold => hold.Token!)
            .ToDictionary(ofToken => ofToken.Key, ofToken => ofToken.MaxBy(hold => hold.Release!.At)!);
        return from observed in history.Observed.Values.SelectMany(looks => looks)
               let hold = owners.GetValueOrDefault(observed["token"]!)
               where hold is not null && IsWrong(history, hold, observed)
               group observed by hold into looks
               select new Violation(
                   Name,
                   $"{looks.Key.Invoked.Who} gave {looks.Key.Lock} back, and Redis held it for that caller long after",
                   [looks.Key.Invoked, looks.Key.Ended!, looks.Key.Release!, .. looks.Key.Released is { } released ? new[] { released } : [], .. history.FaultsBetween(looks.Key.Release!.At - 1, looks.First().At).TakeLast(8), looks.First()]);
    }

    private static bool IsWrong(RunHistory history, Operation hold, HistoryEvent observed) =>
        hold.Release!.At + Calm < observed.Seconds("from")
        && !history.Faults.Exists(fault => fault.Concerns(hold) && fault.From <= observed.At && fault.To + (fault.Recovery >= LongRecovery ? fault.Recovery : Calm) >= observed.Seconds("from"))
        && !history.Faults.Exists(fault => fault.Loses(hold.Lock) && fault.From <= observed.At && fault.To >= hold.Release.At)
        && !IsHandedOn(history, hold, observed.At)
        && !history.IsGone(hold.Invoked.Process)
        && history.Stalled(hold.Invoked.Process, observed.At - Calm, observed.At) == 0;

    // Inside an instance one token serves one caller after the other.
    private static bool IsHandedOn(RunHistory history, Operation hold, double until) =>
        history.Operations.Exists(next => next.Instance == hold.Instance && next.Lock == hold.Lock && next != hold && next.IsAcquired && next.EndedAt <= until
            && (next.Release is null || next.Release.At > hold.Release!.At));
}
