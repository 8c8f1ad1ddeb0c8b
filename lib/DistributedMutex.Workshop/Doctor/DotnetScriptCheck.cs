namespace DistributedMutex.Workshop;

/// <summary>dotnet-script, restored with the tools of the folder or on PATH. The two are called in different ways.</summary>
internal static class DotnetScriptCheck
{
    private const string Script = "dotnet-script";

    public static async Task<DoctorFinding> CheckAsync(string folder)
    {
        var restored = await ProgramRun.RunAsync(ServerKind.DotnetPath, ["tool", "run", Script, "--", "--version"], folder).ConfigureAwait(false);
        if (restored is { ExitCode: 0 })
        {
            return new(Script, DoctorState.Fine, $"{restored.FirstLine}, as in 'dotnet script scripts/main.csx'");
        }

        // In a folder whose tools have it, "dotnet script" is that one, restored or not, and never the one on PATH.
        var hasManifest = File.Exists(Path.Combine(folder, ".config", "dotnet-tools.json"));
        return await ProgramRun.RunAsync(Script, ["--version"], folder).ConfigureAwait(false) is { ExitCode: 0 } onPath
            ? new(Script, DoctorState.Fine, $"{onPath.FirstLine} on PATH, as in '{(hasManifest ? "dotnet-script" : "dotnet script")} scripts/main.csx'{(hasManifest ? "; 'dotnet script' would be the one of this folder's tools, which is not restored" : "")}")
            : new(Script, DoctorState.Optional, "not here.", "Run 'dotnet tool restore', or use 'dotnet run', which runs the same scripts.");
    }
}
