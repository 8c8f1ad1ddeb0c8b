using System.ComponentModel;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Processes;

/// <summary>The two programs that run a .csx file.</summary>
public enum ScriptHost
{
    DotnetRun,
    DotnetScript,
}

/// <summary>Runs the scripts of this clone; where dotnet-script cannot be had its tests are skipped, and the reason is printed.</summary>
public sealed class Scripts : IAsyncLifetime
{
    private const string Missing = "dotnet-script is not on PATH, and NuGet cannot bring it";

    // Asked once for all classes of tests: NuGet takes seconds to say no.
    private static readonly Lazy<Task<string[]?>> Found = new(FindDotnetScriptAsync);

    private string[]? _dotnetScript;

    public async ValueTask InitializeAsync() => _dotnetScript = await Found.Value;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal ChildProcess Start(
        ScriptHost host, string script, string folder, string[] arguments, params (string Name, string? Value)[] environment)
    {
        Assert.SkipWhen(host == ScriptHost.DotnetScript && _dotnetScript is null, Missing);
        string[] command = host == ScriptHost.DotnetScript ? _dotnetScript! : ["dotnet", "run"];
        string[] separator = arguments.Length > 0 ? ["--"] : [];
        return ChildProcess.Start(
            folder, command[0], [.. command[1..], Path.Combine(Clone.Root, "scripts", script), .. separator, .. arguments], environment);
    }

    private static async Task<string[]?> FindDotnetScriptAsync()
    {
        string[][] candidates = [["dotnet-script"], ["dotnet", "tool", "exec", "--yes", "--allow-roll-forward", "dotnet-script@2.0.0", "--"]];
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

        Notice.Print($"Tests of scripts under dotnet-script are skipped: {Missing}");
        return null;
    }
}
