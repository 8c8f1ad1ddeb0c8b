using System.Globalization;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Documentation;

/// <summary>The docker commands of the README, in their order, where an engine answers. They leave the reader's own Redis alone: other name, other port.</summary>
[Collection(Alone.Name)]
public sealed class DockerCommandTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> ComposeCommands => [.. DockerCommand.ComposeCommands];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(ComposeCommands))]
    public async Task The_docker_commands_do_what_the_README_says(string compose)
    {
        await DockerCommand.RequireImageAsync(DockerCommand.RedisImage);
        Assert.SkipUnless(await DockerCommand.HasComposeAsync(compose), $"no {compose} on this machine");
        var name = Path.GetFileName(_folder.Path).ToLowerInvariant();
        _folder.Write("docker-compose.yml", await File.ReadAllTextAsync(MarkdownPage.Repository("docker-compose.yml")));
        (string, string?)[] environment =
        [
            ("COMPOSE_PROJECT_NAME", name), ("REDIS_CONTAINER", name),
            ("REDIS_PASSWORD", "redis123"), ("REDIS_PORT", PrivateServer.FindFreePort().ToString(CultureInfo.InvariantCulture)),
        ];
        try
        {
            foreach (var command in CommandTests.CommandsThatStart("docker "))
            {
                var result = await RunAsync(command);
                Assert.True(result.ExitCode == 0, $"{command}\n{result.Said}");
                if (command == "docker compose up -d")
                {
                    await UntilItAnswersAsync();
                }
            }
        }
        finally
        {
            await RunAsync("docker compose down --volumes");
        }

        async Task UntilItAnswersAsync()
        {
            var started = TimeProvider.System.GetTimestamp();
            while (!(await RunAsync("docker compose exec redis redis-cli PING")).Printed.Contains("PONG", StringComparison.Ordinal))
            {
                Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience, "the Redis of docker-compose.yml never answered");
                await Task.Delay(200);
            }
        }

        // Without a terminal, which the older one asks for.
        async Task<CommandResult> RunAsync(string command) =>
            (await DockerCommand.RunAsync(_folder.Path, command.Replace("docker compose", compose, StringComparison.Ordinal).Replace(" exec ", " exec -T ", StringComparison.Ordinal), environment))!;
    }
}
