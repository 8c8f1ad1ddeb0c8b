using System.Diagnostics;

namespace DistributedMutex.Workshop;

/// <summary>
/// Lets something else happen in the midst of a learner's code, whichever client that uses: again and again, at moments that
/// differ, until it has hit a gap or had every chance to.
/// </summary>
internal static class Meeting
{
    private const int Times = 300;

    // Enough for a server that is far away, and short for who waits.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(0.3);

    /// <summary>Whether <paramref name="wentWrong"/> was ever true after the two had met.</summary>
    /// <param name="prepare">What comes before each meeting.</param>
    /// <param name="code">The learner's.</param>
    /// <param name="meanwhile">What happens in its midst; it is given back to <paramref name="wentWrong"/>.</param>
    /// <param name="wentWrong">Asked when both are over.</param>
    public static bool Finds(Action prepare, Action code, Func<string> meanwhile, Func<string, bool> wentWrong)
    {
        using var together = new Barrier(2);
        var started = Stopwatch.GetTimestamp();
        var takes = Shortest;
        var found = false;
        for (var time = 0; time < Times && !found && Stopwatch.GetElapsedTime(started) < Longest; time++)
        {
            prepare();
            var delay = Random.Shared.NextDouble() * takes;
            var seen = Task.Factory.StartNew(
                () =>
                {
                    together.SignalAndWait();
                    var since = Stopwatch.GetTimestamp();
                    while (Stopwatch.GetElapsedTime(since) < delay)
                    {
                        // A sleep would be longer than what it is to hit.
                        Thread.SpinWait(10);
                    }

                    return meanwhile();
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
            together.SignalAndWait();
            var since = Stopwatch.GetTimestamp();
            try
            {
                code();
            }
            finally
            {
                takes = (takes + Stopwatch.GetElapsedTime(since)) / 2;
                seen.Wait();
            }

            found = wentWrong(seen.Result);
        }

        return found;
    }
}
