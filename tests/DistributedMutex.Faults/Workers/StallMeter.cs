using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Workers;

/// <summary>
/// Threads that do nothing but notice when they did not run: the process was stopped, or the machine was busy; or when
/// the thread pool had no thread for anybody, since something else in the process blocked all of them.
/// </summary>
internal static class StallMeter
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    // Seconds.
    private const double Noticeable = 0.05;

    public static void Start(HistoryWriter history, string who)
    {
        Repeat("stall meter", () => Thread.Sleep(Interval), from => history.Write(who, $"stall from={from:F6}"), history);
        var ran = new ManualResetEventSlim();
        Repeat(
            "pool meter",
            () =>
            {
                Thread.Sleep(Interval);
                ran.Reset();
                ThreadPool.UnsafeQueueUserWorkItem(static ran => ran.Set(), ran, preferLocal: false);
                ran.Wait();
            },
            from => history.Write(who, $"starved from={from:F6} threads={ThreadPool.ThreadCount} waiting={ThreadPool.PendingWorkItemCount}"),
            history);
    }

    private static void Repeat(string name, Action pause, Action<double> tell, HistoryWriter history) => new Thread(() =>
    {
        for (var last = history.Now; ;)
        {
            pause();
            var now = history.Now;
            if (now - last > Noticeable)
            {
                tell(last);
            }

            last = now;
        }
    })
    { IsBackground = true, Name = name }.Start();
}
