using System.Diagnostics;
using System.Globalization;

namespace DistributedMutex.Workshop;

/// <summary>Five threads that want one lock. What it costs them, and the server, is measured for any way of locking.</summary>
/// <param name="lockIt">Waits until the thread of that number has the lock: 1 to 5, and 0 for the one that holds it first.</param>
/// <param name="unlock">Gives it back.</param>
/// <param name="clients">Whose commands are counted, besides those of <see cref="RedisCli"/>. The server's own count has those of all others as well.</param>
public sealed class Waiters(Action<int> lockIt, Action<int> unlock, IReadOnlyList<RedisClient>? clients = null)
{
    private const int Count = 5;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // Until all have asked for the first time.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(20);

    /// <summary>How many commands were sent during one second in which all five waited, and nothing else happened.</summary>
    public long Commands { get; private set; }

    /// <summary>The median of the times from the release by one to the lock of the next, when each has one turn.</summary>
    public TimeSpan HandOff { get; private set; }

    /// <summary>How often each of the five had the lock within a second, when all wanted it again and again.</summary>
    public IReadOnlyList<int> Turns { get; private set; } = [];

    /// <summary>Measures all three, in about three seconds, and prints them.</summary>
    public void Measure()
    {
        MeasureOneTurnEach();
        MeasureManyTurns();
    }

    /// <summary>Lets each thread have the lock once, for 20 ms.</summary>
    public void TakeOneTurnEach() => Threads.Run(Count, number => TakeTurn(number, () => { }));

    private void MeasureOneTurnEach()
    {
        var released = 0L;
        var handOffs = new List<TimeSpan>();
        lockIt(0);
        Threads.Run(Count + 1, number =>
        {
            if (number <= Count)
            {
                TakeTurn(number, () => handOffs.Add(Stopwatch.GetElapsedTime(released)), () => released = Stopwatch.GetTimestamp());
                return;
            }

            try
            {
                Thread.Sleep(Settling);
                var before = CountCommands();
                Thread.Sleep(Second);
                Commands = CountCommands() - before;
                Console.WriteLine($"Commands while five threads waited for a second: {Commands}.");
            }
            finally
            {
                released = Stopwatch.GetTimestamp();
                unlock(0);
            }
        });
        HandOff = handOffs.Order().ElementAt(Count / 2);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"From a release to the next holder: {HandOff.TotalMilliseconds:0.00} ms (the median of {Count})."));
    }

    private void MeasureManyTurns()
    {
        var turns = new int[Count];
        var started = Stopwatch.GetTimestamp();
        Threads.Run(Count, number =>
        {
            while (Stopwatch.GetElapsedTime(started) < Second)
            {
                TakeTurn(number, () =>
                {
                    // Who has waited until it was over has starved.
                    if (Stopwatch.GetElapsedTime(started) < Second)
                    {
                        turns[number - 1]++;
                    }
                });
            }
        });
        Turns = turns;
        Console.WriteLine($"Turns of each thread within a second: {string.Join(", ", turns)}.");
    }

    private long CountCommands() => RedisCli.CommandCount + (clients ?? []).Sum(client => client.Connection.OperationCount);

    private void TakeTurn(int number, Action locked, Action? releasing = null)
    {
        lockIt(number);
        try
        {
            locked();
            using (Timeline.Work("work"))
            {
                Thread.Sleep(Work);
            }
        }
        finally
        {
            releasing?.Invoke();
            unlock(number);
        }
    }
}
