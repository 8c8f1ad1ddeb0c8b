using System.ComponentModel;
using System.Diagnostics;

namespace DistributedMutex.Workshop;

/// <summary>What a program said that was run to its end.</summary>
internal sealed record ProgramRun(int ExitCode, IReadOnlyList<string> Lines)
{
    // A program that does not answer is as good as none.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public string FirstLine => Lines.Count > 0 ? Lines[0] : "";

    /// <summary>Runs a program to its end; null if there is none of that name.</summary>
    public static async Task<ProgramRun?> RunAsync(string file, IEnumerable<string> arguments, string folder)
    {
        using var process = new Process();
        process.StartInfo = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        List<string> lines = [];
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is not null)
            {
                lines.Add(line.Data);
            }
        };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            return null;
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var timeout = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(timeout.Token).ConfigureAwait(false);
            return new ProgramRun(process.ExitCode, lines);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return new ProgramRun(-1, []);
        }
    }
}
