namespace DistributedMutex.Workshop;

/// <summary>Which .NET SDKs are there, and whether the folder's global.json accepts one.</summary>
internal static class SdkCheck
{
    public static async Task<DoctorFinding> CheckAsync(string folder)
    {
        const string Subject = ".NET SDK";
        var accepted = await ProgramRun.RunAsync(ServerKind.DotnetPath, ["--version"], folder).ConfigureAwait(false);
        if (accepted is { ExitCode: 0 })
        {
            return new(Subject, DoctorState.Fine, $"{accepted.FirstLine}, which global.json accepts");
        }

        // Whatever global.json says, each that is installed has a line: its version, and its folder in brackets.
        var installed = await ProgramRun.RunAsync(ServerKind.DotnetPath, ["--list-sdks"], folder).ConfigureAwait(false);
        var found = installed is { ExitCode: 0, Lines.Count: > 0 } ? string.Join(", ", installed.Lines.Select(line => line.Split(' ')[0])) : "none";
        return new(Subject, DoctorState.Broken, $"found {found}, which global.json does not accept.", "Install .NET 10 or a later one, https://dot.net/download.");
    }
}
