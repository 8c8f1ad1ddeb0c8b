using System.Globalization;
using DistributedMutex.Faults.Checking;
using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults;

/// <summary>What a run was worth: how much was done, how much was broken, and how long that was felt.</summary>
internal static class Report
{
    /// <summary>Calls that want a lock, and those that give it back.</summary>
    public static int CountOperations(RunHistory history) => history.Operations.Sum(call => call.Release is null ? 1 : 2);

    public static void Print(RunHistory history)
    {
        var acquired = history.ByLock.Select(ofLock => ofLock.Where(call => call.IsAcquired).OrderBy(call => call.EndedAt).ToList()).ToList();
        var handOffs = acquired.Sum(grants => grants.Zip(grants.Skip(1)).Count(pair => pair.First.Invoked.Process != pair.Second.Invoked.Process));
        Console.WriteLine($"{acquired.Sum(grants => grants.Count)} acquired, {handOffs} of them by another process than before; " +
            string.Join(", ", history.Operations.Where(call => !call.IsAcquired).CountBy(call => call.Outcome).OrderBy(pair => pair.Key).Select(pair => $"{pair.Value} {pair.Key.ToString().ToLowerInvariant()}")));

        // An outage is put down to the last fault before its end.
        var outages = ServiceReturns.Outages(history).Where(outage => outage.Faults.Count > 0).GroupBy(outage => outage.Faults[^1].Kind)
            .ToDictionary(ofKind => ofKind.Key, ofKind => ofKind.Max(outage => outage.Length));
        Console.WriteLine("fault                  times   longest time that a wanted lock was nobody's");
        foreach (var ofKind in history.Faults.Where(fault => fault.Struck).GroupBy(fault => fault.Kind).OrderBy(ofKind => ofKind.Key, StringComparer.Ordinal))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{ofKind.Key,-22} {ofKind.Count(),5}   {outages.GetValueOrDefault(ofKind.Key),5:F1} s"));
        }

        var excused = OneHolder.Overlaps(history).Where(overlap => overlap.IsExcused).ToList();
        if (history.Faults.Exists(fault => fault.Loses("*")))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"data was lost {history.Faults.Count(fault => fault.Struck && fault.Began["loses"] != "-")} times: two held at once {excused.Count} times for {excused.Sum(overlap => overlap.To - overlap.From):F1} s, until the older lease was over; the store refused {history.Refused} older fences"));
        }
    }
}
