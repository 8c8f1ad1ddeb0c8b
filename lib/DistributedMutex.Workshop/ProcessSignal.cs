using System.Diagnostics;

namespace DistributedMutex.Workshop;

/// <summary>Signals to other processes, by their names. Not for Windows, which has none.</summary>
internal static class ProcessSignal
{
    // Only against hanging; a machine may be busy.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Sends a signal: "INT" is what Ctrl-C sends.</summary>
    /// <exception cref="InvalidOperationException">There is no such process, or it is somebody else's.</exception>
    public static async Task SendAsync(int process, string name)
    {
        // The shell's own kill: the numbers of the signals differ from system to system.
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -{name} {process}"]);
        await kill.WaitForExitAsync().WaitAsync(Timeout).ConfigureAwait(false);
        if (kill.ExitCode != 0)
        {
            throw new InvalidOperationException($"Process {process} could not be sent SIG{name}.");
        }
    }

    /// <summary>Stops a process as a whole, as a machine that sleeps would be; completes when none of its threads runs any more.</summary>
    public static async Task StopAsync(int process)
    {
        await SendAsync(process, "STOP").ConfigureAwait(false);

        // Linux leaves it to each thread to stop when it next meets the kernel, and until then it may answer a message.
        // macOS, which has no /proc, has suspended the whole process by the time that kill returns.
        var sent = TimeProvider.System.GetTimestamp();
        while (OperatingSystem.IsLinux() && !HasStopped(process))
        {
            if (TimeProvider.System.GetElapsedTime(sent) > Timeout)
            {
                throw new InvalidOperationException($"Process {process} was sent SIGSTOP and still runs after {Timeout.TotalSeconds} s.");
            }

            await Task.Delay(1).ConfigureAwait(false);
        }
    }

    /// <summary>Lets a process that was stopped go on.</summary>
    public static Task ContinueAsync(int process) => SendAsync(process, "CONT");

    private static bool HasStopped(int process) => Directory.GetDirectories($"/proc/{process}/task").All(thread =>
    {
        try
        {
            // "1234 (its name) T …"; the name may hold anything, a parenthesis too.
            var stat = File.ReadAllText(Path.Combine(thread, "stat"));
            return stat[stat.LastIndexOf(')') + 2] == 'T';
        }
        catch (IOException)
        {
            // This thread has ended.
            return true;
        }
    });
}
