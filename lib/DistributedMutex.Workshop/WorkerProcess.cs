using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace DistributedMutex.Workshop;

/// <summary>How a script starts itself again: with its own command line, and <c>--worker number run</c> at the end.</summary>
internal static class WorkerProcess
{
    private const string Option = "--worker";
    private const string Ready = "ready";

    /// <summary>The arguments of this process, the script host's own included.</summary>
    public static string[] Arguments { get; } = Environment.GetCommandLineArgs();

    /// <summary>The worker that this process is; null in the process that starts them.</summary>
    public static Worker? Current { get; } = Arguments is [.., Option, var number, var run] ? new Worker(int.Parse(number, CultureInfo.InvariantCulture), run) : null;

    /// <summary>In a worker: waits until all are there.</summary>
    public static async Task ReadyAsync()
    {
        Console.WriteLine(Ready);
        if (await Console.In.ReadLineAsync().ConfigureAwait(false) is null)
        {
            throw new InvalidOperationException("The script that started this worker is gone.");
        }
    }

    /// <summary>Starts the workers, prints what they say, and returns it when they have ended.</summary>
    public static async Task<IReadOnlyList<string>> RunAsync(int count)
    {
        var run = Guid.NewGuid().ToString("N");
        var said = new List<string>();
        var workers = Enumerable.Range(1, count).Select(number => Process.Start(Again(number, run))!).ToList();
        try
        {
            foreach (var worker in workers)
            {
                while (await worker.StandardOutput.ReadLineAsync().ConfigureAwait(false) is var line && line != Ready)
                {
                    Console.WriteLine(line ?? throw new InvalidOperationException("A worker ended before it was ready."));
                }
            }

            workers.ForEach(worker => worker.StandardInput.WriteLine("go"));
            await Task.WhenAll(workers.Select(ListenAsync)).ConfigureAwait(false);
            if (workers.Any(worker => worker.ExitCode != 0))
            {
                throw new InvalidOperationException("A worker failed.");
            }

            return said;
        }
        finally
        {
            // Whoever has not heard "go" ends when its input does.
            workers.ForEach(worker => worker.Dispose());
        }

        async Task ListenAsync(Process worker)
        {
            while (await worker.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
            {
                lock (said)
                {
                    said.Add(line);
                    Console.WriteLine(line);
                }
            }

            await worker.WaitForExitAsync().ConfigureAwait(false);
        }
    }

    private static ProcessStartInfo Again(int number, string run)
    {
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, StandardOutputEncoding = Encoding.UTF8 };

        // The first argument is the program's dll, whether or not it has an executable of its own.
        var isHost = Assembly.GetEntryAssembly()?.GetName().Name == "dotnet-script";
        string[] command =
        [
            .. Path.GetFileNameWithoutExtension(program) == "dotnet" ? Arguments[..1] : [],

            // Otherwise dotnet-script loads a second System.ComponentModel for the script, and no IServiceProvider of the
            // one is an IServiceProvider of the other.
            .. isHost ? ["--disable-isolated-load-context"] : Array.Empty<string>(),
            .. Arguments[1..],
            .. isHost && !Arguments.Contains("--") ? ["--"] : Array.Empty<string>(),
            Option, number.ToString(CultureInfo.InvariantCulture), run,
        ];
        foreach (var argument in command)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }
}
