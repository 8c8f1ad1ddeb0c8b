using System.Diagnostics;
using System.Globalization;

namespace DistributedMutex.Workshop;

/// <summary>A second process that works on the same file as a lesson.</summary>
public static class AnotherProcess
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Lets another process add 1 to the counter, again and again, while <paramref name="addOne"/> is called here again and
    /// again, until both have done so at least so many times. Returns how often each did: nothing is lost if the counter has
    /// grown by the sum.
    /// </summary>
    /// <param name="counter">What both add to.</param>
    /// <param name="times">How often each adds, at least.</param>
    /// <param name="addOne">What is called here, on a thread of its own.</param>
    /// <param name="mutex">The resource that the other process locks each time, in Redis; null: it only uses a <c>lock</c>, its own.</param>
    /// <exception cref="TimeoutException">The other process could not get the lock within 5 seconds.</exception>
    public static Task<(int Here, int There)> AddsTooAsync(CounterFile counter, int times, Action addOne, string? mutex = null) =>
        OnItsOwnThread(() => Run(counter, times, addOne, mutex));

    /// <summary>What the other process does.</summary>
    internal static int Add(string file, int times, string resource)
    {
        var counter = new CounterFile(file);
        using var mutex = resource == "" ? null : new RedisMutex();
        var gate = new Lock();
        var told = OnItsOwnThread(Console.In.ReadToEnd);
        var added = 0;
        while (!told.IsCompleted)
        {
            lock (gate)
            {
                if (mutex?.Lock(resource, Wait) == false)
                {
                    Console.WriteLine("no lock");
                    return 1;
                }

                try
                {
                    counter.AddOne();
                }
                finally
                {
                    mutex?.Unlock(resource);
                }
            }

            if (++added == 1 || added == times)
            {
                Console.WriteLine(added == 1 ? "started" : "enough");
            }
        }

        Console.WriteLine(added);
        return 0;
    }

    private static (int Here, int There) Run(CounterFile counter, int times, Action addOne, string? mutex)
    {
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [Clone.WorkshopPath, "add", counter.FileName, times.ToString(CultureInfo.InvariantCulture), mutex ?? ""])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            CreateNoWindow = true,
        };
        using var other = Process.Start(start)!;
        try
        {
            // Blocking, as everything here: the asynchronous read of a pipe was seen to fail (SocketException 99, .NET 10 on Linux).
            Hear("started", other.StandardOutput.ReadLine());
            string? line = null;
            var enough = OnItsOwnThread(() => line = other.StandardOutput.ReadLine());
            var here = 0;
            while (here < times || !enough.IsCompleted)
            {
                addOne();
                here++;
            }

            Hear("enough", line);
            other.StandardInput.Close();
            var there = other.StandardOutput.ReadLine();
            return int.TryParse(there, CultureInfo.InvariantCulture, out var added) ? (here, added) : throw Unexpected(there);
        }
        finally
        {
            other.Kill();
        }

        void Hear(string expected, string? said)
        {
            if (said != expected)
            {
                throw Unexpected(said);
            }
        }

        Exception Unexpected(string? said) => said == "no lock"
            ? new TimeoutException($"The other process waited {Wait.TotalSeconds} s for the lock '{mutex}' and did not get it.")
            : new InvalidOperationException($"The other process ended too early ({said}). Run 'dotnet build' and try again.");
    }

    // Not a thread of the pool: a few that block there would stop the Redis client of a small machine for a while.
    private static Task<T> OnItsOwnThread<T>(Func<T> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
