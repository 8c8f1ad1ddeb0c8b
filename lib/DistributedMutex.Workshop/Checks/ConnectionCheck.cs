using System.Collections.Concurrent;
using System.Diagnostics;

namespace DistributedMutex.Workshop;

/// <summary>Checks code that runs jobs on one connection (lesson 4). Redis itself is asked how many there are.</summary>
public static class ConnectionCheck
{
    private const int Count = 4;

    // One client has two: for commands and for messages.
    private const int Pair = 2;

    // For the jobs to start, and for the server to see that a connection was closed.
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(3);

    /// <param name="runJobs">Is to run the job so many times at once, each with a mutex, all on one connection, which it closes.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static Task RunAsync(Action<int, Action<RedisMutex>> runJobs) => Check.RunAsync("4.1", async () =>
    {
        var before = Connections.Settled();

        // What nobody refers to any more is closed by the garbage collector, sooner or later: a connection that was left open is
        // to be found open. And what a wrong answer has left open is closed in the end, or it would be counted at the next try.
        var used = new ConcurrentBag<RedisMutex>();
        try
        {
            await AtWorkAsync(runJobs, used, before).ConfigureAwait(false);
            await IfOneThrowsAsync(runJobs, used, before).ConfigureAwait(false);
        }
        finally
        {
            foreach (var mutex in used)
            {
                mutex.Close();
                await mutex.Connection.DisposeAsync().ConfigureAwait(false);
            }
        }
    });

    private static async Task AtWorkAsync(Action<int, Action<RedisMutex>> runJobs, ConcurrentBag<RedisMutex> used, IReadOnlyList<(string Id, string Flags)> before)
    {
        var resource = Lesson.Name("check");
        using var counted = new ManualResetEventSlim();
        var (started, open, alone) = (0, 0, false);
        var call = await Attempt.Run(() => runJobs(Count, mutex =>
        {
            used.Add(mutex);
            if (Interlocked.Increment(ref started) == Count)
            {
                open = NewSince(before).Count;
                counted.Set();
            }
            else if (!alone)
            {
                alone = !counted.Wait(Short);
            }

            using (mutex.Acquire(resource))
            {
            }
        })).ConfigureAwait(false);
        Check.That(
            call.Returned,
            "All jobs have got the lock.",
            call.Or("a job could not lock:", ""),
            "what does a job need for as long as it runs?",
            "close the connection when the last job is done, not before: a using around Threads.Run.");
        Check.That(
            started == Count && !alone,
            $"{Count} jobs ran at the same time.",
            started == Count ? "the jobs ran one after the other." : $"{started} jobs ran, not {Count}.",
            "it is about the connection, not about the threads.",
            "leave Threads.Run as it is.");
        Check.That(
            open <= Pair,
            $"Meanwhile, there was one client with its {Pair} connections.",
            $"while {Count} jobs ran, they had {open} connections. One client has {Pair}.",
            "how many connections does it take, and who opens them?",
            "open one before the jobs, and let each have a mutex on it: new RedisMutex(client.Connection).");
        Check.That(
            AllClosed(before),
            "Afterwards, nothing is left open.",
            $"the jobs were done, and {NewSince(before).Count} connections were still open.",
            "whoever opens a connection closes it. Who is that here?",
            "using var client = new RedisClient();");
    }

    private static async Task IfOneThrowsAsync(Action<int, Action<RedisMutex>> runJobs, ConcurrentBag<RedisMutex> used, IReadOnlyList<(string Id, string Flags)> before)
    {
        var failure = new InvalidOperationException("The job failed.");
        var call = await Attempt.Run(() => runJobs(Count, mutex =>
        {
            used.Add(mutex);
            throw failure;
        })).ConfigureAwait(false);
        Check.That(
            call.Thrown is not null,
            "If a job throws, the caller hears of it.",
            call.Or("a job threw, and", "a job threw, and the caller never heard of it."),
            "whoever called you wants to know that a job failed.",
            "no catch: let exceptions pass.");
        Check.That(
            AllClosed(before),
            "And nothing is left open.",
            $"a job threw, and {NewSince(before).Count} connections were still open.",
            "which of your lines run when a job throws?",
            "using closes it, whatever happens.");
    }

    private static List<string> NewSince(IReadOnlyList<(string Id, string Flags)> before) => [.. Connections.Settled().Except(before).Select(connection => connection.Id)];

    private static bool AllClosed(IReadOnlyList<(string Id, string Flags)> before)
    {
        var since = Stopwatch.GetTimestamp();
        while (NewSince(before).Count > 0)
        {
            if (Stopwatch.GetElapsedTime(since) > Short)
            {
                return false;
            }
        }

        return true;
    }
}
