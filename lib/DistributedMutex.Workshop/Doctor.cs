using System.Text;

namespace DistributedMutex.Workshop;

/// <summary>Looks at all that the kit needs or can use, and says what to do about what is not right.</summary>
public static partial class Doctor
{
    /// <summary>Prints one line for each check, with ✓ or ✗ and what to do. It never prints a password.</summary>
    /// <returns>The exit code: 0, or 1 if the kit cannot run; what is optional and missing does not count.</returns>
    public static async Task<int> RunAsync()
    {
        if (OperatingSystem.IsWindows() && !Console.IsOutputRedirected)
        {
            Console.OutputEncoding = Encoding.UTF8;
        }

        List<string> broken = [];
        Print(await CheckSdkAsync(Clone.Root).ConfigureAwait(false));
        var (envFile, settings) = CheckEnvFile();
        Print(envFile);
        if (settings is not null)
        {
            Print(await CheckPortAsync(settings).ConfigureAwait(false));
            CheckRedis().ForEach(Print);
        }

        Print(await CheckDockerAsync().ConfigureAwait(false));
        Print(await CheckDotnetScriptAsync(Clone.Root).ConfigureAwait(false));
        Print(await CheckKernelAsync(JupyterFolders()).ConfigureAwait(false));
        Console.WriteLine(broken.Count == 0 ? "The kit can run." : $"The kit cannot run: see {string.Join(" and ", broken)}.");
        return broken.Count == 0 ? 0 : 1;

        void Print(DoctorFinding finding)
        {
            Console.WriteLine(finding);
            if (finding.State == DoctorState.Broken)
            {
                broken.Add(finding.Subject);
            }
        }
    }
}
