namespace DistributedMutex.Workshop;

/// <summary>Docker, its engine and Compose. Podman's "docker" will do.</summary>
internal static class DockerCheck
{
    public static async Task<DoctorFinding> CheckAsync()
    {
        const string Without = "Without it there is no dev container and no 'docker compose up -d'; the scripts start a Redis themselves.";
        var folder = Clone.Root;
        var engine = await ProgramRun.RunAsync("docker", ["version", "--format", "{{.Server.Version}}"], folder).ConfigureAwait(false);
        if (engine is not { ExitCode: 0 })
        {
            return new("Docker", DoctorState.Optional, $"{(engine is null ? "not on PATH" : "installed, but its engine does not answer; start it")}.", Without);
        }

        var compose = await ProgramRun.RunAsync("docker", ["compose", "version", "--short"], folder).ConfigureAwait(false) is { ExitCode: 0 } plugin
            ? plugin
            : await ProgramRun.RunAsync("docker-compose", ["version", "--short"], folder).ConfigureAwait(false);
        return compose is { ExitCode: 0 }
            ? new("Docker", DoctorState.Fine, $"engine {engine.FirstLine}, Compose {compose.FirstLine}")
            : new("Docker", DoctorState.Optional, $"engine {engine.FirstLine}, but neither 'docker compose' nor 'docker-compose' is there.");
    }
}
