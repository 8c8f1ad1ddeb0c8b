using DistributedMutex.Protocol;
using DistributedMutex.Tests.Diagnostics;
using DistributedMutex.Tests.Servers;
using Microsoft.Extensions.Logging.Testing;
using StackExchange.Redis;

namespace DistributedMutex.Tests;

/// <summary>Names go through keys, scripts, messages, spans and logs, and come out as they were.</summary>
public abstract class OddNameTests(ServerFixture server)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    // By number: what shows the names of tests can't be trusted with these.
    private static readonly string[] AllNames =
    [
        "a b  c ", ":@:", "grant 1 2 x", "\0", "a\0b", "\r\n$3\r\n", "%s %n", "{", "}", "{}", "a}b{c}", "ñ 東京 🔒 \u202E", "\uD800", "a\uDC00b", "'\"\\;--",
        new('x', 1_000_000), new('}', 1_000_000), new('\0', 1_000_000), new('東', 300_000),
    ];

    public static TheoryData<int> Names => [.. Enumerable.Range(0, AllNames.Length)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_lock_of_any_name_is_held_handed_over_and_given_back(int number)
    {
        // The same server serves others.
        var resource = server.NewResource() + AllNames[number];
        var keys = new LockKeys(resource);
        var log = new FakeLogCollector();
        using var factory = log.ToFactory();
        using var recorder = new SpanRecorder();
        await using var mutex = server.NewMutex(new MutexOptions { LoggerFactory = factory });
        await using var other = server.NewMutex();
        await using (var held = await mutex.AcquireAsync(resource))
        {
            Assert.Equal(resource, held.Resource);
            Assert.Equal(held.Token, (string?)await mutex.Database.StringGetAsync(keys.Lock));
            Assert.True(await held.ExtendAsync());
            var thrown = await Assert.ThrowsAsync<LockAcquisitionException>(() => other.AcquireAsync(resource, TimeSpan.FromMilliseconds(20)));
            Assert.Equal(resource, thrown.Resource);

            // A message that is heard, and one for a token that nobody waits for any more.
            var waiting = other.AcquireAsync(resource, Long);
            await ServerFixture.UntilQueuedAsync(mutex.Database, keys, 1);
            Assert.True(await held.ReleaseAsync());
            var next = await waiting;
            Assert.True(next.Fence > held.Fence);
            Assert.True(await mutex.Database.SortedSetAddAsync(keys.Queue, OwnerToken.New(Mailbox.Of(other.Connection).ClientId), 1));
            Assert.True(await next.ReleaseAsync());
        }

        var released = TimeProvider.System.GetTimestamp();
        Assert.True(await mutex.LockAsync(resource, Long));
        Assert.InRange(TimeProvider.System.GetElapsedTime(released), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.True(await mutex.UnlockAsync(resource));
        Assert.All(log.GetSnapshot(), entry => Assert.Equal(resource, entry.Resource()));
        Assert.Contains(log.GetSnapshot(), entry => entry.Id.Name == "Released");
        Assert.NotEmpty(recorder.Holds(resource));
        await mutex.Database.KeyDeleteAsync(keys.All);
    }

    [Fact]
    public async Task A_connection_whose_channels_have_an_odd_prefix_hears_its_grants()
    {
        var resource = server.NewResource() + " a b";
        var configuration = ConfigurationOptions.Parse($"{server.Settings.Host}:{server.Settings.Port}");
        (configuration.User, configuration.Password, configuration.Ssl) = (server.Settings.User, server.Settings.Password, server.Settings.Ssl);
        configuration.ChannelPrefix = RedisChannel.Literal("our shop @ home:");
        await using var connection = await ConnectionMultiplexer.ConnectAsync(configuration);
        await using var mutex = new RedisMutex(connection);
        await using var other = server.NewMutex();
        Assert.True(await other.LockAsync(resource));
        var waiting = mutex.AcquireAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(other.Database, resource, 1);
        var released = TimeProvider.System.GetTimestamp();
        Assert.True(await other.UnlockAsync(resource));
        await using var held = await waiting;

        // Unheard, it would be found out when the grant has ended.
        Assert.InRange(TimeProvider.System.GetElapsedTime(released), TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }
}

[Collection(OnRedis.Name)]
public sealed class OddNameOnRedisTests(RedisFixture server) : OddNameTests(server);

[Collection(OnGarnet.Name)]
public sealed class OddNameOnGarnetTests(GarnetFixture server) : OddNameTests(server);

[Quick]
public sealed class NameCostTests
{
    [Fact]
    public void A_name_with_a_brace_costs_no_more_than_another()
    {
        // Each used to look for a hash tag of its own: three minutes for all of them.
        var started = TimeProvider.System.GetTimestamp();
        Assert.Equal(20_000, Enumerable.Range(0, 20_000).Select(number => new LockKeys($"{number}}}").Queue).Distinct().Count());
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void The_parts_of_a_token_have_no_separators() => Assert.Matches(@"^[A-Za-z0-9._-]+:[0-9a-f]{32}$", OwnerToken.New(OwnerToken.NewClientId()));
}
