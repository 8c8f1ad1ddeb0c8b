using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Workers;

/// <summary>A thread that does nothing but notice when it did not run: the process was stopped, or the machine was busy.</summary>
internal static class StallMeter
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    // Seconds.
    private const double Noticeable = 0.05;

    public static void Start(HistoryWriter history, string who) => new Thread(() =>
    {
        for (var last = history.Now; ;)
        {
            Thread.Sleep(Interval);
            var now = history.Now;
            if (now - last > Noticeable)
            {
                history.Write(who, $"stall from={last:F6}");
            }

            last = now;
        }
    })
    { IsBackground = true, Name = "stall meter" }.Start();
}
