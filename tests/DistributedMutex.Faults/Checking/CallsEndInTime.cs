using System.Globalization;
using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Checking;

/// <summary>
/// Every caller is served or told within its limit. The library promises half a second over; as much again is for a machine
/// that is busy, and time in which the whole process did not run does not count.
/// </summary>
internal sealed class CallsEndInTime : IRule
{
    public const double Bound = 1;

    public string Name => "calls end in time";

    public IEnumerable<Violation> Check(RunHistory history)
    {
        foreach (var call in history.Operations.Where(call => call.Api != "foreign"))
        {
            if (call.Ended is null && (history.IsGone(call.Invoked.Process) || double.IsInfinity(history.End)))
            {
                continue;
            }

            var to = call.Ended?.At ?? history.End + Bound;
            var took = to - call.Invoked.At - history.Stalled(call.Invoked.Process, call.Invoked.At, to);
            if (took > call.Wait + Bound)
            {
                yield return new Violation(
                    Name,
                    string.Create(CultureInfo.InvariantCulture, $"{call.Invoked.Who} gave {call.Wait:F1} s for {call.Lock} and {(call.Ended is null ? "was never answered" : $"was answered after {took:F1} s")}"),
                    [call.Invoked, .. call.Ended is { } ended ? new[] { ended } : [], .. history.FaultsBetween(call.Invoked.At, to)]);
            }
        }
    }
}
