using System.Diagnostics;
using System.Globalization;

namespace DistributedMutex.Workshop;

/// <summary>A second process that works on the same file as a lesson.</summary>
public static class AnotherProcess
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Lets another process add 1 to the counter so many times, while <paramref name="addOne"/> is called here, again and
    /// again, until the other process is done. Returns how often it was called: nothing is lost if the counter has grown by
    /// that and <paramref name="times"/>.
    /// </summary>
    /// <param name="counter">What both add to.</param>
    /// <param name="times">How often the other process adds.</param>
    /// <param name="addOne">What is called here.</param>
    /// <param name="mutex">The resource that the other process locks each time, in Redis; null: it only uses a <c>lock</c>, its own.</param>
    /// <exception cref="TimeoutException">The other process could not get the lock within 5 seconds.</exception>
    public static async Task<int> AddsTooAsync(CounterFile counter, int times, Action addOne, string? mutex = null)
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
            // Blocking, on a thread of the pool: the asynchronous read of a pipe was seen to fail (SocketException 99, .NET 10 on Linux).
            if (await Task.Run(other.StandardOutput.ReadLine).ConfigureAwait(false) != "ready")
            {
                throw new InvalidOperationException("The other process could not be started. Run 'dotnet build' and try again.");
            }

            other.StandardInput.WriteLine("go");
            other.StandardInput.Flush();
            var answer = Task.Run(other.StandardOutput.ReadLine);
            var calls = 0;
            do
            {
                await Task.Run(addOne).ConfigureAwait(false);
                calls++;
            }
            while (!answer.IsCompleted);

            return await answer.ConfigureAwait(false) == "done"
                ? calls
                : throw new TimeoutException($"The other process waited {Wait.TotalSeconds} s for the lock '{mutex}' and did not get it.");
        }
        finally
        {
            other.Kill();
        }
    }

    /// <summary>What the other process does.</summary>
    internal static int Add(string file, int times, string resource)
    {
        var counter = new CounterFile(file);
        using var mutex = resource == "" ? null : new RedisMutex();
        var gate = new Lock();
        Console.WriteLine("ready");
        Console.ReadLine();
        for (var i = 0; i < times; i++)
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
        }

        Console.WriteLine("done");
        return 0;
    }
}
