using DistributedMutex.Tests.Processes;
using DistributedMutex.Workshop;
using Testcontainers.Redis;

namespace DistributedMutex.Tests.Servers;

/// <summary>
/// A Redis: the one that REDIS_TEST_URL names, else redis:7-alpine in a container, else redis-server from PATH. One source
/// and not a collection for each: they are the same program, and the suite would take a third longer to say so twice.
/// Tests that break or configure a server start redis-server from PATH, whichever it is.
/// </summary>
public sealed class RedisFixture : ServerFixture
{
    /// <summary>Why the tests do not run in a container; null if they do.</summary>
    public string? NoContainer { get; private set; }

    private protected override ServerKind? Kind => ServerKind.FindRedis();

    private protected override async Task<RunningServer> StartAsync()
    {
        if (TestUrl.Read() is { } named)
        {
            // A server that was named is used, or all of its tests fail.
            using var reached = new RedisClient(named);
            NoContainer = $"{TestUrl.Variable} names {named}";
            Notice.Print($"Tests on Redis use {named}, as {TestUrl.Variable} says.");
            return new RunningServer(named, () => ValueTask.CompletedTask);
        }

        var container = await StartContainerAsync();
        if (container is null)
        {
            Notice.Print($"Tests on Redis do not run in a container: {NoContainer}");
        }

        return container ?? await base.StartAsync();
    }

    private async Task<RunningServer?> StartContainerAsync()
    {
        RedisContainer? container = null;
        try
        {
            container = new RedisBuilder(DockerCommand.RedisImage).Build();
            await container.StartAsync();
            var settings = new RedisSettings { Host = container.Hostname, Port = container.GetMappedPublicPort(RedisBuilder.RedisPort) };
            return new RunningServer(settings, container.DisposeAsync);
        }
        catch (Exception e)
        {
            // No engine, no image and no way to load it, no right to: each says so with an exception of its own, and Testcontainers
            // adds lines of advice for those who wanted a container.
            NoContainer = e.Message.Split('\n')[0].TrimEnd();
            if (container is not null)
            {
                await container.DisposeAsync();
            }

            return null;
        }
    }
}
