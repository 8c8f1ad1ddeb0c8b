namespace DistributedMutex.Workshop;

/// <summary>The kernel that runs the notebooks, in one of Jupyter's folders, and the tool that it starts.</summary>
internal static class KernelCheck
{
    /// <summary>Of the .NET kernel as a tool: the last one, the same build as the packages that the notebooks' tests use.</summary>
    public const string Version = "1.0.712001";

    private const string Kernel = ".net-csharp";
    private const string InstallKernel = $"dotnet tool install -g Microsoft.dotnet-interactive --version {Version}";

    public static async Task<DoctorFinding> CheckAsync(IEnumerable<string> folders)
    {
        if (folders.Select(folder => Path.Combine(folder, "kernels", Kernel)).FirstOrDefault(Directory.Exists) is not { } found)
        {
            return new(".NET kernel", DoctorState.Optional, "Jupyter has none.", $"For the notebooks, run '{InstallKernel}' and 'dotnet interactive jupyter install'; every lesson is a script too.");
        }

        var version = await ProgramRun.RunAsync("dotnet-interactive", ["--version"], Clone.Root).ConfigureAwait(false);
        return version is { ExitCode: 0 }
            ? new(".NET kernel", DoctorState.Fine, $"{version.FirstLine.Split('+')[0]}, {found}")
            : new(".NET kernel", DoctorState.Optional, $"{found} is there, but it cannot start: dotnet-interactive is not on PATH.", $"Add ~/.dotnet/tools to it if the tool is there, or run '{InstallKernel}'.");
    }

    public static IEnumerable<string> JupyterFolders()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return
        [
            .. (Environment.GetEnvironmentVariable("JUPYTER_PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
            Environment.GetEnvironmentVariable("JUPYTER_DATA_DIR") ?? Path.Combine(home, ".local", "share", "jupyter"),
            Path.Combine(home, "Library", "Jupyter"),
            Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "jupyter"),
            Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "jupyter"),
            "/usr/local/share/jupyter",
        ];
    }
}
