using System.ComponentModel;
using System.Diagnostics;

namespace DistributedMutex.Workshop;

// What is installed.
public static partial class Doctor
{
    private const string Script = "dotnet-script";
    private const string Kernel = ".net-csharp";
    private const string InstallKernel = $"dotnet tool install -g Microsoft.dotnet-interactive --version {KernelVersion}";

    /// <summary>Of the .NET kernel as a tool: the last one, the same build as the packages that the notebooks' tests use.</summary>
    internal const string KernelVersion = "1.0.712001";

    // A program that does not answer is as good as none.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Which .NET SDKs are there, and whether the folder's global.json accepts one.</summary>
    internal static async Task<DoctorFinding> CheckSdkAsync(string folder)
    {
        const string Subject = ".NET SDK";
        var accepted = await RunAsync(ServerKind.DotnetPath, ["--version"], folder).ConfigureAwait(false);
        if (accepted is { ExitCode: 0 })
        {
            return new(Subject, DoctorState.Fine, $"{accepted.FirstLine}, which global.json accepts");
        }

        // Whatever global.json says, each that is installed has a line: its version, and its folder in brackets.
        var installed = await RunAsync(ServerKind.DotnetPath, ["--list-sdks"], folder).ConfigureAwait(false);
        var found = installed is { ExitCode: 0, Lines.Count: > 0 } ? string.Join(", ", installed.Lines.Select(line => line.Split(' ')[0])) : "none";
        return new(Subject, DoctorState.Broken, $"found {found}, which global.json does not accept. Install .NET 10 or a later one, https://dot.net/download.");
    }

    /// <summary>Docker, its engine and Compose.</summary>
    internal static async Task<DoctorFinding> CheckDockerAsync()
    {
        const string Without = "Without it there is no dev container and no 'docker compose up -d'; the scripts start a Redis themselves.";
        var folder = Clone.Root;
        var engine = await RunAsync("docker", ["version", "--format", "{{.Server.Version}}"], folder).ConfigureAwait(false);
        if (engine is not { ExitCode: 0 })
        {
            return new("Docker", DoctorState.Optional, $"{(engine is null ? "not on PATH" : "installed, but its engine does not answer; start it")}. {Without}");
        }

        var compose = await RunAsync("docker", ["compose", "version", "--short"], folder).ConfigureAwait(false) is { ExitCode: 0 } plugin
            ? plugin
            : await RunAsync("docker-compose", ["version", "--short"], folder).ConfigureAwait(false);
        return compose is { ExitCode: 0 }
            ? new("Docker", DoctorState.Fine, $"engine {engine.FirstLine}, Compose {compose.FirstLine}")
            : new("Docker", DoctorState.Optional, $"engine {engine.FirstLine}, but neither 'docker compose' nor 'docker-compose' is there.");
    }

    /// <summary>dotnet-script, on PATH or restored with the folder's tools.</summary>
    internal static async Task<DoctorFinding> CheckDotnetScriptAsync(string folder)
    {
        var version = await RunAsync(Script, ["--version"], folder).ConfigureAwait(false) is { ExitCode: 0 } onPath
            ? onPath
            : await RunAsync(ServerKind.DotnetPath, ["tool", "run", Script, "--", "--version"], folder).ConfigureAwait(false);
        return version is { ExitCode: 0 }
            ? new(Script, DoctorState.Fine, version.FirstLine)
            : new(Script, DoctorState.Optional, "not here. Run 'dotnet tool restore', or use 'dotnet run', which runs the same scripts.");
    }

    /// <summary>The kernel that runs the notebooks, in one of Jupyter's folders, and the tool that it starts.</summary>
    internal static async Task<DoctorFinding> CheckKernelAsync(IEnumerable<string> folders)
    {
        if (folders.Select(folder => Path.Combine(folder, "kernels", Kernel)).FirstOrDefault(Directory.Exists) is not { } found)
        {
            return new(".NET kernel", DoctorState.Optional, $"Jupyter has none. For the notebooks, run '{InstallKernel}' and 'dotnet interactive jupyter install'; every lesson is a script too.");
        }

        var version = await RunAsync("dotnet-interactive", ["--version"], Clone.Root).ConfigureAwait(false);
        return version is { ExitCode: 0 }
            ? new(".NET kernel", DoctorState.Fine, $"{version.FirstLine.Split('+')[0]}, {found}")
            : new(".NET kernel", DoctorState.Optional, $"{found} is there, but it cannot start: dotnet-interactive is not on PATH. Add ~/.dotnet/tools to it if the tool is there, or run '{InstallKernel}'.");
    }

    internal static IEnumerable<string> JupyterFolders()
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

    /// <summary>Runs a program to its end; null if there is none of that name.</summary>
    private static async Task<Run?> RunAsync(string file, IEnumerable<string> arguments, string folder)
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
            return new Run(process.ExitCode, lines);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return new Run(-1, []);
        }
    }

    private sealed record Run(int ExitCode, IReadOnlyList<string> Lines)
    {
        public string FirstLine => Lines.Count > 0 ? Lines[0] : "";
    }
}
