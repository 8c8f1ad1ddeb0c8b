using DistributedMutex.Protocol;
using DistributedMutex.Tests.Documentation;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;
using Markdig.Syntax;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace DistributedMutex.Tests;

/// <summary>ACL users with the rights that the README lists, and with one less.</summary>
public sealed class RightsTests(OwnRedisFixture server) : IClassFixture<OwnRedisFixture>
{
    private const string Password = "secret";

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    // Nobody who waits asks by himself: he has to be woken.
    private static readonly MutexOptions Woken = new() { Retry = Long, Lease = Long };

    private static readonly string[] Needed = [.. Rights.Keys(LockKeys.DefaultPrefix), .. Rights.Messages, .. Rights.Commands];

    [Theory]
    [InlineData("README.md")]
    [InlineData("README.es.md")]
    public async Task A_user_made_as_the_README_says_locks_waits_is_woken_and_passes_the_health_check(string page)
    {
        var line = MarkdownPage.TextOf(new MarkdownPage(page).Document.Descendants<FencedCodeBlock>().Single(block => MarkdownPage.TextOf(block).StartsWith("ACL SETUSER ", StringComparison.Ordinal)));
        var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Needed.Order(StringComparer.Ordinal), words[5..].Where(word => word is not ("resetkeys" or "resetchannels" or "-@all")).Order(StringComparer.Ordinal));

        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await admin.GetDatabase().ExecuteAsync(words[0], [.. words[1..]]);
        var settings = ServerFixture.SettingsOf(another) with { User = words[2], Password = words[4][1..] };
        await LockAndHandOnAsync(settings, Woken, admin.GetDatabase());
        await using var services = new ServiceCollection().AddLogging().AddSingleton(settings).AddHealthChecks().AddDistributedMutex().Services.BuildServiceProvider();
        Assert.Equal(HealthStatus.Healthy, (await services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status);
        Assert.Equal($"✓ Rights: the user '{words[2]}' has all that the lock needs", Check(settings).ToString());
    }

    [Theory]
    [InlineData("app:")]
    [InlineData("{shop}:")]
    [InlineData("app:{shop}:")]
    public async Task A_prefix_takes_the_place_of_lock(string prefix)
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        var settings = await NewUserAsync(another, admin, [.. Rights.Keys(prefix), .. Rights.Messages, .. Rights.Commands]);
        await LockAndHandOnAsync(settings, new MutexOptions { KeyPrefix = prefix, Retry = Long, Lease = Long }, admin.GetDatabase());
    }

    [Fact]
    public async Task Each_right_of_the_list_is_missed_by_the_doctor_when_it_is_missing()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);

        // Without +echo nobody connects, and the message says so.
        foreach (var right in Needed.Except(["+echo"]))
        {
            var finding = Check(await NewUserAsync(another, admin, [.. Needed.Except([right])]));
            Assert.Equal(Rights.Messages.Contains(right) ? DoctorState.Optional : DoctorState.Broken, finding.State);
            Assert.EndsWith($" Run 'ACL SETUSER app {right}'.", finding.ToString().Replace($"{right} {right}", right, StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_user_without_channels_passes_the_health_check()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        var settings = await NewUserAsync(another, admin, ["~*", "+@all"]);
        await using var services = new ServiceCollection().AddLogging().AddSingleton(settings).AddHealthChecks().AddDistributedMutex().Services.BuildServiceProvider();
        Assert.Equal(HealthStatus.Healthy, (await services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status);
    }

    [Fact]
    public async Task With_the_rights_for_several_servers_a_waiter_follows_a_failover()
    {
        using var servers = await MasterAndReplica.StartAsync(server);
        await servers.TellAsync("ACL", ["SETUSER", "app", "on", $">{Password}", "resetkeys", "resetchannels", "-@all", .. Needed, .. Rights.SeveralServers]);
        using var one = servers.Connect("app", Password);
        using var two = servers.Connect("app", Password);
        await using var holder = new RedisMutex(one);
        await using var waiter = new RedisMutex(two);
        await using var held = await holder.AcquireAsync("x");
        var waiting = waiter.AcquireAsync("x", Long);
        await ServerFixture.UntilQueuedAsync(servers.MasterDatabase, "x", 1);
        await servers.FailOverAsync();

        // A release that meets the old master throws, and goes on in the background.
        await held.DisposeAsync();
        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(next.Fence > held.Fence);
    }

    [Fact]
    public async Task Nobody_is_told_of_a_lock_that_could_not_be_handed_on()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await using var waiter = new RedisMutex(ServerFixture.SettingsOf(another));
        var told = new List<string>();
        var last = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await admin.GetSubscriber().SubscribeAsync(RedisChannel.Pattern("lock-grants:*"), (_, message) =>
        {
            told.Add(((string?)message)!.Split(' ')[0]);
            if (message == "last")
            {
                last.TrySetResult();
            }
        });
        await using var holder = new RedisMutex(await NewUserAsync(another, admin, [.. Needed.Except(["+zrem"])]), new MutexOptions { Lease = TimeSpan.FromSeconds(3) });
        await using var held = await holder.AcquireAsync("x");
        var waiting = waiter.AcquireAsync("x", Long);
        await ServerFixture.UntilQueuedAsync(admin.GetDatabase(), "x", 1);

        await Assert.ThrowsAsync<RedisServerException>(() => held.ReleaseAsync());
        await admin.GetSubscriber().PublishAsync(RedisChannel.Literal("lock-grants:test"), "last");
        await last.Task.WaitAsync(Long);
        Assert.Equal(["last"], told);
        Assert.Equal(held.Token, (string?)await admin.GetDatabase().StringGetAsync(new LockKeys("x").Lock));

        await admin.GetDatabase().ExecuteAsync("ACL", "SETUSER", "app", "+zrem");
        await using var next = await waiting.WaitAsync(Long);
        Assert.True(next.Fence > held.Fence);
    }

    private static async Task LockAndHandOnAsync(RedisSettings settings, MutexOptions options, IDatabase admin)
    {
        await using var first = new RedisMutex(settings, options);
        await using var second = new RedisMutex(settings, options);
        foreach (var resource in new[] { "x", "a}b", "{a}b", "a{b" })
        {
            // As a server whose clock was ahead would have left it.
            var keys = new LockKeys(resource, options.KeyPrefix);
            var ahead = DateTimeOffset.UtcNow.AddMinutes(1).ToUnixTimeMilliseconds() * 1000;
            await admin.StringSetAsync(keys.Fence, ahead);

            Assert.True(await first.LockAsync(resource));
            Assert.True(await second.IsLockedAsync(resource));
            Assert.False(await second.LockAsync(resource, TimeSpan.FromMilliseconds(50)));
            var waiting = second.AcquireAsync(resource, Long);
            var started = TimeProvider.System.GetTimestamp();
            while (await admin.SortedSetLengthAsync(keys.Queue) == 0)
            {
                Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(20), $"nobody waits for {resource}: {waiting.Status}");
                await Task.Delay(5);
            }

            Assert.True(await first.UnlockAsync(resource));
            await using var held = await waiting.WaitAsync(TimeSpan.FromSeconds(20));
            Assert.InRange(held.Fence, ahead + 1, ahead + 10_000);
            Assert.True(await held.ExtendAsync());
            Assert.True(await held.ReleaseAsync());
        }
    }

    private static async Task<RedisSettings> NewUserAsync(PrivateServer another, ConnectionMultiplexer admin, string[] rights)
    {
        await admin.GetDatabase().ExecuteAsync("ACL", ["SETUSER", "app", "reset"]);
        await admin.GetDatabase().ExecuteAsync("ACL", ["SETUSER", "app", "on", $">{Password}", "resetchannels", .. rights]);
        return ServerFixture.SettingsOf(another) with { User = "app", Password = Password };
    }

    private static DoctorFinding Check(RedisSettings settings)
    {
        using var client = new RedisClient(settings);
        return RightsCheck.Check(client.Connection, settings.User);
    }
}
