using System.Globalization;
using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Checking;

/// <summary>
/// A lock that somebody wants, and that nobody has the use of, is not free for long. How long depends on what was broken: a
/// grant that nobody takes costs its three seconds, a holder that died its lease, each waiter of a process that was
/// struck one grant, and after a fault on the way to the server there is the time that its kind is given.
/// </summary>
internal sealed class ServiceReturns : IRule
{
    // Seconds. Usual: one lost grant, and the machine's noise.
    private const double Grant = 3;
    private const double Usual = Grant + 1;

    // Those who were struck while they waited stand in line until their turn comes.
    private const double Memory = 30;

    public string Name => "service returns";

    public IEnumerable<Violation> Check(RunHistory history) =>
        from outage in Outages(history)
        where outage.Length > outage.Bound
        select new Violation(
            Name,
            string.Create(CultureInfo.InvariantCulture, $"nobody had {outage.Lock} for {outage.Length:F1} s, though it was wanted; {outage.Bound:F1} s may be"),
            [.. EvidenceOf(outage, history)]);

    /// <summary>All times, longer than a moment, in which a lock was wanted and nobody had it.</summary>
    public static IEnumerable<Outage> Outages(RunHistory history)
    {
        foreach (var ofLock in history.ByLock)
        {
            Operation? before = null;
            foreach (var hold in ofLock.Where(call => call.IsAcquired).OrderBy(call => call.EndedAt))
            {
                if (before is not null && hold.EndedAt - before.InUseUntil > 0.1)
                {
                    yield return NewOutage(history, [.. ofLock], before, hold);
                }

                before = before is null || hold.InUseUntil > before.InUseUntil ? hold : before;
            }
        }
    }

    private static Outage NewOutage(RunHistory history, List<Operation> calls, Operation before, Operation next)
    {
        var (from, to) = (before.InUseUntil, next.EndedAt);
        var faults = history.Faults.Where(fault => fault.From <= to && fault.To >= from - Memory).ToList();
        var wanting = calls.Where(call => call.Wait > 0 && call.Invoked.At < to && call.EndedAt > from).ToList();

        // Wanted by somebody who can be served, while somebody can be.
        var wanted = Spans.Union(wanting.Where(call => IsServable(call)).Select(call => new Moment(Math.Max(from, call.Invoked.At), Math.Min(to, call.EndedAt))));
        var impossible = Spans.Union(faults.Where(fault => fault.StopsService).Select(fault => new Moment(Math.Max(from, fault.From), Math.Min(to, fault.To))));
        var length = Spans.Length(wanted) - Spans.Common(wanted, impossible);

        var blows = faults.Where(fault => fault.StrikesProcess).ToList();
        var waiters = calls.Where(call => blows.Exists(blow => blow.Targets.Contains(call.Invoked.Process) && call.Invoked.At <= blow.To && call.EndedAt >= blow.From))
            .Select(call => call.Instance).Distinct().Count();
        var recovery = faults.Where(fault => fault.To >= from - fault.Recovery).Select(fault => fault.Recovery).DefaultIfEmpty(0).Max();
        var lease = blows.Exists(blow => blow.Targets.Contains(before.Invoked.Process)) ? before.LongestLease : 0;
        return new Outage(before.Lock, from, to, length, Usual + recovery + lease + (waiters * Grant), faults, before, next, wanting);

        bool IsServable(Operation call) =>
            history.Stalled(call.Invoked.Process, Math.Max(from, call.Invoked.At), Math.Min(to, call.EndedAt)) == 0
            && !faults.Exists(fault => fault.Targets.Contains(call.Invoked.Process) && fault.To >= from);
    }

    private static IEnumerable<HistoryEvent> EvidenceOf(Outage outage, RunHistory history) =>
    [
        outage.Before.Ended!, .. outage.Before.Release is { } release ? new[] { release } : [], .. outage.Before.Released is { } released ? new[] { released } : [],
        .. history.FaultsBetween(outage.From - Memory, outage.To).TakeLast(6),
        .. outage.Wanting.OrderByDescending(call => Math.Min(call.EndedAt, outage.To) - call.Invoked.At).Take(3).SelectMany(call => new[] { call.Invoked, call.Ended }).OfType<HistoryEvent>(),
        outage.Next.Invoked, outage.Next.Ended!,
    ];

    /// <summary>A time in which a lock was wanted for so long, and nobody had it, and for how long that may be.</summary>
    internal sealed record Outage(
        string Lock, double From, double To, double Length, double Bound, IReadOnlyList<FaultRecord> Faults, Operation Before, Operation Next, IReadOnlyList<Operation> Wanting);
}
