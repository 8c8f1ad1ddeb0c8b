using System.Globalization;
using DistributedMutex.Faults.Checking;
using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults;

/// <summary>What a run was worth: how much was done, how much was broken, and how long that was felt.</summary>
internal static class Report
{
    /// <summary>Calls that want a lock, and those that give it back.</summary>
    public static int CountOperations(RunHistory history) => history.Operations.Sum(call => call.Release is null ? 1 : 2);

    /// <summary>The report's lines, but for the last.</summary>
    public static IEnumerable<string> Of(RunHistory history)
    {
        var acquired = history.ByLock.Select(ofLock => ofLock.Where(call => call.IsAcquired).OrderBy(call => call.EndedAt).ToList()).ToList();
        var handOffs = acquired.Sum(grants => grants.Zip(grants.Skip(1)).Count(pair => pair.First.Invoked.Process != pair.Second.Invoked.Process));
        var others = history.Operations.Where(call => !call.IsAcquired).CountBy(call => call.Outcome).OrderBy(pair => pair.Key).Select(pair => $", {pair.Value} {pair.Key.ToString().ToLowerInvariant()}");
        yield return $"{acquired.Sum(grants => grants.Count)} acquired, {handOffs} of them by another process than before{string.Concat(others)}";

        // An outage is put down to the last fault before its end.
        var longest = ServiceReturns.Outages(history).Where(outage => outage.Faults.Count > 0).GroupBy(outage => outage.Faults[^1].Kind)
            .ToDictionary(ofKind => ofKind.Key, ofKind => ofKind.MaxBy(outage => outage.Length)!);
        yield return "fault                  times   longest time that a wanted lock was nobody's";
        foreach (var (kind, times) in history.Faults.Where(fault => fault.Struck).CountBy(fault => fault.Kind).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var outage = longest.GetValueOrDefault(kind);
            yield return string.Create(CultureInfo.InvariantCulture, $"{kind,-22} {times,5}   {(outage is null ? "    -" : $"{outage.Length,5:F1} s, {outage.Lock} from {outage.From:F1} on")}");
        }

        if (history.Faults.Count(fault => fault.Struck && fault.Began["loses"] is not (null or "-")) is var losses and > 0)
        {
            var excused = OneHolder.Overlaps(history).Where(overlap => overlap.IsExcused).ToList();
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"data was lost {losses} times: two held at once {excused.Count} times for {excused.Sum(overlap => overlap.To - overlap.From):F1} s, until the older lease was over; the store refused {history.Refused} older fences");
        }
    }

    /// <summary>The last line of a run.</summary>
    public static string Summary(RunHistory history, int violations) =>
        $"{CountOperations(history)} operations, {history.Faults.Count(fault => fault.Struck)} faults, {violations} violations";
}
