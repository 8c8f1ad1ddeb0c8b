using System.Globalization;
using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Checking;

/// <summary>
/// Who came first is served first. Looked at where nothing is broken, and with these exceptions, which the documentation
/// states: an instance may serve its own callers for 20 ms when its turn has come; who waits behind a holder of its own
/// instance has its place in the queue when that releases; and when a holder has died a newcomer may be quicker than the line.
/// </summary>
internal sealed class ArrivalOrder : IRule
{
    // Seconds: that much later is certainly later, the way to Redis included.
    private const double Later = 0.3;
    private const double Turn = 0.02;

    // A fault that is over leaves connections to be made anew, and that may take long if its server was gone; and a process
    // that has just begun has no connection yet.
    private const double Calm = 3;
    private const double LongRecovery = 10;
    private const double Warm = 3;

    public string Name => "order of arrival";

    public IEnumerable<Violation> Check(RunHistory history)
    {
        foreach (var ofLock in history.ByLock)
        {
            var waiters = ofLock.Where(call => call.Api != "foreign" && call.Wait > 0).ToList();
            var grants = ofLock.Where(call => call.IsAcquired).OrderBy(call => call.EndedAt).ToList();
            for (var i = 1; i < grants.Count; i++)
            {
                var grant = grants[i];
                var overtaken = waiters.Find(waiter => IsOvertaken(waiter, grant) && IsCalm(history, waiter, grant) && !IsBehindItsOwn(grants, waiter, grant));
                if (overtaken is not null && grant.Api != "foreign" && grants[i - 1].Released?["answer"] is "yes" or "disposed" && !IsInTurn(grants, i, overtaken))
                {
                    yield return new Violation(
                        Name,
                        string.Create(CultureInfo.InvariantCulture, $"{grant.Invoked.Who} came {grant.Invoked.At - overtaken.Invoked.At:F3} s after {overtaken.Invoked.Who} and was served before it"),
                        [overtaken.Invoked, .. overtaken.Ended is { } ended ? new[] { ended } : [], grants[i - 1].Ended!, grants[i - 1].Release!, grant.Invoked, grant.Ended!]);
                }
            }
        }
    }

    // Whoever is about to give up, or to be served, may have left the line already; who was killed never answers.
    private static bool IsOvertaken(Operation waiter, Operation grant) =>
        waiter.Invoked.At + Later < grant.Invoked.At
        && waiter.EndedAt > grant.EndedAt + Later
        && waiter.Invoked.At + waiter.Wait > grant.EndedAt + Later
        && waiter.Outcome is not (Outcome.Cancelled or Outcome.Unknown or Outcome.Open);

    // A fault before the newcomer came is long enough over; one that took the line itself with it excuses all who stood in it.
    private static bool IsCalm(RunHistory history, Operation waiter, Operation grant)
    {
        var from = grant.Invoked.At - Calm;
        return history.Begun.GetValueOrDefault(waiter.Invoked.Process) + Warm < waiter.Invoked.At
            && !history.Faults.Exists(fault => fault.From <= grant.EndedAt
                && (fault.To + (fault.Recovery >= LongRecovery ? fault.Recovery : Calm) >= grant.Invoked.At || (fault.Loses(waiter.Lock) && fault.To >= waiter.Invoked.At)))
            && history.Stalled(waiter.Invoked.Process, from, grant.EndedAt) == 0
            && history.Stalled(grant.Invoked.Process, from, grant.EndedAt) == 0;
    }

    // Until its instance released, after the newcomer had come, it had no place in the queue of all.
    private static bool IsBehindItsOwn(List<Operation> grants, Operation waiter, Operation grant) => grants.Exists(own =>
        own.Instance == waiter.Instance && own.EndedAt <= grant.EndedAt && own.Release is { } release && release.At + Later > grant.Invoked.At);

    // It was handed the lock inside its instance, within a turn that began with somebody who did come before.
    private static bool IsInTurn(List<Operation> grants, int index, Operation overtaken)
    {
        var handedOn = grants[index - 1].Release!.At;
        for (var i = index - 1; i >= 0 && grants[i].Instance == grants[index].Instance && handedOn - grants[i].EndedAt <= Turn; i--)
        {
            if (grants[i].Invoked.At <= overtaken.Invoked.At + Later)
            {
                return true;
            }
        }

        return false;
    }
}
