using System.Diagnostics;
using System.Globalization;

namespace DistributedMutex.Workshop;

/// <summary>
/// Another process that has acquired a lock, has checked that it holds it, and is stopped before it writes: as a whole, as
/// a machine that sleeps would be, so that its lock is not renewed either. Windows has no SIGSTOP: there the process only
/// waits, and does not renew.
/// </summary>
public sealed class StoppedWriter : IDisposable
{
    private const string Lane = "Writer 1";

    private const string Acquired = "acquired";

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(200);

    // Only against hanging; a machine may be busy.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly Process _process;

    private StoppedWriter(Process process, long fence, bool wasHeld) => (_process, Fence, WasHeld) = (process, fence, wasHeld);

    /// <summary>The fence of its lock.</summary>
    public long Fence { get; }

    /// <summary>What <see cref="MutexLock.IsHeld"/> said, the last thing that it looked at.</summary>
    public bool WasHeld { get; }

    /// <summary>Starts the process; completes when it is stopped. Its lease of one second goes on.</summary>
    /// <param name="resource">What it locks.</param>
    /// <param name="text">What it is about to write.</param>
    /// <exception cref="InvalidOperationException">It could not be started or stopped.</exception>
    public static async Task<StoppedWriter> StartAsync(string resource, string text)
    {
        Timeline.EnterLane(Lane);
        var process = Process.Start(new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Clone.WorkshopPath, "write-late", resource, text])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            CreateNoWindow = true,
        })!;
        try
        {
            // The first line says that it holds the lock.
            await ReadLineAsync(process).ConfigureAwait(false);
            using (Timeline.Work("holds the lock"))
            {
                string? line;
                do
                {
                    line = await ReadLineAsync(process).ConfigureAwait(false);
                }
                while (line == Acquired);

                if (line?.Split(' ') is not [var fence, var held])
                {
                    throw new InvalidOperationException("The other process could not be started, or did not get the lock. Run 'dotnet build' and try again.");
                }

                if (!OperatingSystem.IsWindows())
                {
                    await ProcessSignal.StopAsync(process.Id).ConfigureAwait(false);
                }

                Timeline.Mark("is stopped");
                return new StoppedWriter(process, long.Parse(fence, CultureInfo.InvariantCulture), bool.Parse(held));
            }
        }
        catch
        {
            Kill(process);
            throw;
        }
    }

    /// <summary>Lets it go on, and returns what it writes.</summary>
    public async Task<string> WakeAsync()
    {
        Timeline.EnterLane(Lane);
        await _process.StandardInput.WriteLineAsync("go").ConfigureAwait(false);
        await _process.StandardInput.FlushAsync().ConfigureAwait(false);
        if (!OperatingSystem.IsWindows())
        {
            await ProcessSignal.ContinueAsync(_process.Id).ConfigureAwait(false);
        }

        var text = await ReadLineAsync(_process).ConfigureAwait(false) ?? throw new InvalidOperationException("The other process ended before it wrote.");
        Timeline.Mark($"saves {text}");
        return text;
    }

    /// <summary>Ends the process.</summary>
    public void Dispose() => Kill(_process);

    /// <summary>What the other process does.</summary>
    internal static async Task<int> RunAsync(string resource, string text)
    {
        var mutex = new RedisMutex(new MutexOptions { Lease = Lease, Renew = !OperatingSystem.IsWindows() });
        await using var closing = mutex.ConfigureAwait(false);
        MutexLock held;
        do
        {
            // Again, if the machine is so busy that the lock is lost meanwhile.
            held = await mutex.AcquireAsync(resource).ConfigureAwait(false);
            await Console.Out.WriteLineAsync(Acquired).ConfigureAwait(false);
            await Task.Delay(Work).ConfigureAwait(false);
        }
        while (!held.IsHeld);

        await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{held.Fence} {held.IsHeld}")).ConfigureAwait(false);

        // It is stopped here: after the check, before the write.
        await Console.In.ReadLineAsync().ConfigureAwait(false);
        await Console.Out.WriteLineAsync(text).ConfigureAwait(false);
        return 0;
    }

    // Blocking, on a thread of the pool, as in AnotherProcess.
    private static Task<string?> ReadLineAsync(Process process) => Task.Run(process.StandardOutput.ReadLine).WaitAsync(Timeout);

    private static void Kill(Process process)
    {
        using (process)
        {
            process.Kill();
        }
    }
}
