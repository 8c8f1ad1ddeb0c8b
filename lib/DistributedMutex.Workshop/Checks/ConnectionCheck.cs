using System.Collections.Concurrent;
using System.Diagnostics;
using StackExchange.Redis;

namespace DistributedMutex.Workshop;

/// <summary>Checks code that runs jobs on one connection (lesson 4). Redis itself is asked how many there are.</summary>
public static class ConnectionCheck
{
    private const int Count = 4;

    // One client has two: for commands and for messages.
    private const int Pair = 2;

    // For the jobs to start, and for the server to see that a connection was closed.
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Short = TimeSpan.FromSeconds(3);

    /// <param name="runJobs">Is to run the job so many times at once, each with a mutex, all on one connection, which it closes.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static void Run(Action<int, Action<RedisMutex>> runJobs)
    {
        var resource = $"check-{Guid.NewGuid():N}";
        var before = Connections.Settled();
        using var counted = new ManualResetEventSlim();

        // What nobody refers to any more is closed by the garbage collector, sooner or later: a connection that was left open is
        // to be found open.
        var used = new ConcurrentBag<IConnectionMultiplexer>();
        var (started, open, alone) = (0, 0, false);
        var thrown = Try(() => runJobs(Count, mutex =>
        {
            used.Add(mutex.Connection);
            if (Interlocked.Increment(ref started) == Count)
            {
                open = New().Count;
                counted.Set();
            }
            else if (!alone)
            {
                alone = !counted.Wait(Long);
            }

            using (mutex.Acquire(resource))
            {
            }
        }));
        Check.That(
            thrown is null,
            "All jobs have got the lock.",
            $"a job could not lock: {thrown?.Message}",
            "close the connection when the last job is done, not before.");
        Check.That(
            started == Count && !alone,
            $"{Count} jobs ran at the same time.",
            started == Count ? "the jobs ran one after the other." : $"{started} jobs ran, not {Count}.",
            "leave the threads as they are: it is about the connection.");
        Check.That(
            open <= Pair,
            $"Meanwhile, there was one client with its {Pair} connections.",
            $"while {Count} jobs ran, they had {open} connections. One client has {Pair}.",
            "open one before the jobs, and let each have a mutex on it: new RedisMutex(client.Connection).");
        Check.That(
            AllClosed(),
            "Afterwards, nothing is left open.",
            $"the jobs were done, and {New().Count} connections were still open.",
            "whoever opens a connection closes it: using.");

        var failure = new InvalidOperationException("The job failed.");
        thrown = Try(() => runJobs(Count, mutex =>
        {
            used.Add(mutex.Connection);
            throw failure;
        }));
        Check.That(
            thrown is not null,
            "If a job throws, the caller hears of it.",
            "a job threw, and the caller never heard of it.",
            "let exceptions pass.");
        Check.That(
            AllClosed(),
            "And nothing is left open.",
            $"a job threw, and {New().Count} connections were still open.",
            "using closes it, whatever happens.");
        GC.KeepAlive(used);

        List<string> New() => [.. Connections.Settled().Except(before).Select(connection => connection.Id)];

        bool AllClosed()
        {
            var since = Stopwatch.GetTimestamp();
            while (New().Count > 0)
            {
                if (Stopwatch.GetElapsedTime(since) > Short)
                {
                    return false;
                }
            }

            return true;
        }
    }

    private static Exception? Try(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }
}
