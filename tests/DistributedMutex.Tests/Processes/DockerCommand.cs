using System.ComponentModel;

namespace DistributedMutex.Tests.Processes;

/// <summary>Docker's programs, where this machine has them; a test that needs one that is missing is skipped with the reason.</summary>
internal static class DockerCommand
{
    public const string RedisImage = "redis:7-alpine";

    /// <summary>The two programs that read a Compose file.</summary>
    public static readonly IReadOnlyList<string> ComposeCommands = ["docker compose", "docker-compose"];

    /// <summary>Skips the test unless an engine answers and has the image: a test loads nothing from the network.</summary>
    public static async Task RequireImageAsync(string image)
    {
        var engine = await RunAsync(".", "docker version --format {{.Server.Version}}");
        Assert.SkipWhen(engine is null, "docker is not on PATH");
        Assert.SkipWhen(engine.ExitCode != 0, "no Docker engine answers");
        var found = await RunAsync(".", $"docker image inspect {image}");
        Assert.SkipWhen(found!.ExitCode != 0, $"the Docker engine has no image {image}; 'docker pull {image}' brings it");
    }

    public static async Task<bool> HasComposeAsync(string command) => await RunAsync(".", $"{command} version") is { ExitCode: 0 };

    /// <summary>Runs a command, split at its spaces; null if there is no such program.</summary>
    public static async Task<CommandResult?> RunAsync(string folder, string command, params (string Name, string? Value)[] environment)
    {
        var words = command.Split(' ');
        try
        {
            using var process = ChildProcess.Start(folder, words[0], words[1..], environment);
            return new CommandResult(await process.ExitAsync(), process.Said, process.Printed);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}

/// <summary>How a command ended, all that it said on both streams, and what it said on its standard output.</summary>
internal sealed record CommandResult(int ExitCode, string Said, string Printed);
