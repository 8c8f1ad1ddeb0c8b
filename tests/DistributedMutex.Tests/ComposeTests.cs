using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests;

/// <summary>The clone's docker-compose.yml, in a folder with an .env file of its own.</summary>
[Collection(Alone.Name)]
public sealed class ComposeTests(Scripts scripts) : IClassFixture<Scripts>, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly int _port = PrivateServer.FindFreePort();

    public static TheoryData<string> Commands => [.. DockerCommand.ComposeCommands];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task The_file_is_valid_and_takes_password_port_and_name_from_env(string compose)
    {
        Assert.SkipUnless(await DockerCommand.HasComposeAsync(compose), $"no {compose} on this machine");
        WriteWithEnv("REDIS_PASSWORD=from-env\n");
        Assert.Contains("container_name: redis_mutex", (await DockerCommand.RunAsync(_folder.Path, $"{compose} config"))!.Printed, StringComparison.Ordinal);
        WriteWithEnv("REDIS_PASSWORD=from-env\nREDIS_CONTAINER=redis_of_the_second_clone\n");
        var config = (await DockerCommand.RunAsync(_folder.Path, $"{compose} config"))!;
        Assert.True(config.ExitCode == 0, config.Said);
        Assert.Matches(@"- --requirepass\s+- from-env\s", config.Printed);
        Assert.Contains("container_name: redis_of_the_second_clone", config.Printed, StringComparison.Ordinal);
        Assert.Contains("REDISCLI_AUTH: from-env", config.Printed, StringComparison.Ordinal);
        Assert.Contains($"image: {DockerCommand.RedisImage}", config.Printed, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", config.Printed, StringComparison.Ordinal);
        Assert.Contains($"{_port}", config.Printed, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Without_a_password_no_Redis_is_started(string compose)
    {
        Assert.SkipUnless(await DockerCommand.HasComposeAsync(compose), $"no {compose} on this machine");
        WriteWithEnv("REDIS_PASSWORD=\n");
        var config = (await DockerCommand.RunAsync(_folder.Path, $"{compose} config"))!;
        Assert.NotEqual(0, config.ExitCode);
        Assert.Contains("set it in .env", config.Said, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Its_Redis_is_the_one_that_the_next_script_uses_with_the_password(string compose)
    {
        await DockerCommand.RequireImageAsync(DockerCommand.RedisImage);
        Assert.SkipUnless(await DockerCommand.HasComposeAsync(compose), $"no {compose} on this machine");

        // The name in the file is for people to type; somebody's own may be running.
        var container = $"distributed-mutex-test-{_port}";
        WriteWithEnv(File.ReadAllText(Path.Combine(Clone.Root, ".env")).Replace("REDIS_PORT=6379\n", $"REDIS_CONTAINER={container}\n", StringComparison.Ordinal));
        var composeHere = $"{compose} -p {container}";
        try
        {
            var up = (await DockerCommand.RunAsync(_folder.Path, $"{composeHere} up -d"))!;
            Assert.True(up.ExitCode == 0, up.Said);

            using var script = scripts.Start(ScriptHost.DotnetRun, "main.csx", _folder.Path, []);
            Assert.True(await script.ExitAsync() == 0, script.Said);
            Assert.Matches($@"^Redis: 7\.\d+\.\d+ at localhost:{_port}, as \.env or the default says\.\n", script.Said);

            await UntilHealthyAsync(container);
            var keys = (await DockerCommand.RunAsync(_folder.Path, $"docker exec {container} redis-cli --scan"))!;
            Assert.Contains("{lock:shared_file}:fence", keys.Printed, StringComparison.Ordinal);

            // With no password redis-cli complains on its other stream, too, before the answer or after it.
            var refused = (await DockerCommand.RunAsync(_folder.Path, $"docker exec -e REDISCLI_AUTH= {container} redis-cli ping"))!;
            Assert.StartsWith("NOAUTH", refused.Printed, StringComparison.Ordinal);
        }
        finally
        {
            await DockerCommand.RunAsync(_folder.Path, $"{composeHere} down -v");
        }
    }

    /// <summary>The clone's file beside an .env file that adds a port of this test's own.</summary>
    private void WriteWithEnv(string text)
    {
        _folder.Write("docker-compose.yml", File.ReadAllText(Path.Combine(Clone.Root, "docker-compose.yml")));
        _folder.Write(".env", $"{text}REDIS_PORT={_port}\n");
    }

    private async Task UntilHealthyAsync(string container)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var health = (await DockerCommand.RunAsync(_folder.Path, $"docker inspect --format {{{{.State.Health.Status}}}} {container}"))!.Printed.Trim();
            if (health == "healthy")
            {
                return;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromMinutes(1), health);
            await Task.Delay(200);
        }
    }
}
