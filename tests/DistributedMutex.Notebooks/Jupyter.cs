using System.Diagnostics;

namespace DistributedMutex.Notebooks;

/// <summary>Jupyter itself, where this machine has it.</summary>
internal static class Jupyter
{
    private const string Program = "jupyter-nbconvert";

    /// <summary>Runs all cells of the notebook, those after a failed one too, and returns a copy that has their outputs.</summary>
    /// <exception cref="InvalidOperationException">It could not be run to its end; the message holds what Jupyter said.</exception>
    public static async Task<Notebook> ExecuteAsync(Notebook notebook)
    {
        var folder = Directory.CreateTempSubdirectory("distributed-mutex-jupyter-");
        try
        {
            // A cell that hangs ends the run.
            string[] arguments = ["--to", "notebook", "--execute", "--allow-errors", "--ExecutePreprocessor.timeout=60", "--output-dir", folder.FullName, notebook.Path];
            using var process = Process.Start(new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync()).ConfigureAwait(false);
            await process.WaitForExitAsync().ConfigureAwait(false);
            return process.ExitCode == 0
                ? Notebook.Read(Path.Combine(folder.FullName, Path.GetFileName(notebook.Path)))
                : throw new InvalidOperationException($"'{Program} {string.Join(' ', arguments)}' ended with {process.ExitCode}:\n{string.Concat(said)}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
