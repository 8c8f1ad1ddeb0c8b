using System.ComponentModel;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Processes;

/// <summary>The two programs that run a .csx file.</summary>
public enum ScriptHost
{
    DotnetRun,
    DotnetScript,
}

internal static class Scripts
{
    private static readonly Lazy<Task<string[]?>> DotnetScript = new(FindDotnetScriptAsync);

    public static async Task<ChildProcess> StartAsync(
        ScriptHost host, string script, string folder, string[] arguments, params (string Name, string? Value)[] environment)
    {
        string[]? command = ["dotnet", "run"];
        if (host == ScriptHost.DotnetScript)
        {
            command = await DotnetScript.Value;
            Skip.If(command is null, "dotnet-script is neither on PATH nor in the package feed");
        }

        var path = Path.Combine(Clone.Root, "scripts", script);
        string[] separator = arguments.Length > 0 ? ["--"] : [];
        return ChildProcess.Start(folder, command[0], [.. command[1..], path, .. separator, .. arguments], environment);
    }

    private static async Task<string[]?> FindDotnetScriptAsync()
    {
        string[][] candidates = [["dotnet-script"], ["dotnet", "tool", "exec", "--yes", "dotnet-script@2.0.0", "--"]];
        foreach (var candidate in candidates)
        {
            try
            {
                using var version = ChildProcess.Start(Path.GetTempPath(), candidate[0], [.. candidate[1..], "--version"]);
                if (await version.ExitAsync() == 0)
                {
                    return candidate;
                }
            }
            catch (Win32Exception)
            {
                // Not on PATH.
            }
        }

        return null;
    }
}
