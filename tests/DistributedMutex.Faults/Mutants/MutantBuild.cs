using System.Diagnostics;
using DistributedMutex.Workshop;

namespace DistributedMutex.Faults.Mutants;

/// <summary>
/// Makes a worker with a broken library: a copy of the library's sources, changed in one place, built, and put in the place
/// of the library in a copy of this program. The library needs no hook for it.
/// </summary>
internal static class MutantBuild
{
    private const string Library = "DistributedMutex";

    /// <summary>The dll of a worker that uses the broken library.</summary>
    /// <exception cref="InvalidOperationException">It can't be made; the message says why.</exception>
    public static async Task<string> MakeAsync(Mutant mutant)
    {
        // Inside the clone, whose settings the build needs.
        var root = Path.Combine(Clone.Root, "tests", "DistributedMutex.Faults", "obj", "mutants", mutant.Name);
        if (Directory.Exists(root))
        {
            Directory.Delete(root, recursive: true);
        }

        var (sources, worker) = (Path.Combine(root, Library), Path.Combine(root, "worker"));
        Copy(Path.Combine(Clone.Root, "lib", Library), sources);
        var file = Path.Combine(sources, mutant.File);
        await File.WriteAllTextAsync(file, mutant.Break(await File.ReadAllTextAsync(file).ConfigureAwait(false))).ConfigureAwait(false);
        Copy(AppContext.BaseDirectory, worker);

        // What is broken may leave something unused.
        await BuildAsync(sources, "-c", "Release", "-o", Path.Combine(root, "built"), "-p:TreatWarningsAsErrors=false", "-nodeReuse:false").ConfigureAwait(false);
        File.Copy(Path.Combine(root, "built", Library + ".dll"), Path.Combine(worker, Library + ".dll"), overwrite: true);
        return Path.Combine(worker, Path.GetFileName(typeof(MutantBuild).Assembly.Location));
    }

    private static async Task BuildAsync(string project, params string[] options)
    {
        using var build = Process.Start(new ProcessStartInfo(ServerKind.DotnetPath, ["build", project, .. options])
        {
            WorkingDirectory = Clone.Root,
            RedirectStandardOutput = true,
        })!;
        var said = await build.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
        await build.WaitForExitAsync().ConfigureAwait(false);
        if (build.ExitCode != 0)
        {
            throw new InvalidOperationException(said);
        }
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (var folder in Directory.EnumerateDirectories(from).Where(folder => Path.GetFileName(folder) is not ("bin" or "obj")))
        {
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        }
    }
}
