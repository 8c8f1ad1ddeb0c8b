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

    // Otherwise dotnet-script loads a second System.ComponentModel for the script, and no IServiceProvider of the
    // one is an IServiceProvider of the other.
    private const string NotIsolated = "--disable-isolated-load-context";

    private static readonly bool IsHost = Assembly.GetEntryAssembly()?.GetName().Name == "dotnet-script";

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
        var workers = Enumerable.Range(1, count)
            .Select(number => Process.Start(Again(redirect: true, Option, number.ToString(CultureInfo.InvariantCulture), run))!).ToList();
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

    /// <summary>Runs the script again as it is, where its host has not started it in a way that lets it use a container; null: it has.</summary>
    public static async Task<int?> RunForContainerAsync()
    {
        if (!IsHost || Arguments.Contains(NotIsolated))
        {
            return null;
        }

        using var again = Process.Start(Again(redirect: false))!;
        await again.WaitForExitAsync().ConfigureAwait(false);
        return again.ExitCode;
    }

    private static ProcessStartInfo Again(bool redirect, params string[] more)
    {
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardInput = redirect, RedirectStandardOutput = redirect };
        if (redirect)
        {
            start.StandardOutputEncoding = Encoding.UTF8;
        }

        // The first argument is the program's dll, whether or not it has an executable of its own.
        string[] command =
        [
            .. Path.GetFileNameWithoutExtension(program) == "dotnet" ? Arguments[..1] : [],

            .. IsHost ? [NotIsolated] : Array.Empty<string>(),
            .. Arguments[1..],
            .. IsHost && !Arguments.Contains("--") ? ["--"] : Array.Empty<string>(),
            .. more,
        ];
        foreach (var argument in command)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }
}
