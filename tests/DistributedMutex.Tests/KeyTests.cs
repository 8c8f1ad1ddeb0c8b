using DistributedMutex.Protocol;
using DistributedMutex.Tests.Servers;
using StackExchange.Redis;

namespace DistributedMutex.Tests;

[Collection(OnRedis.Name)]
public sealed class KeyTests(RedisFixture server)
{
    public static TheoryData<string> Names => [.. AllNames];

    private static readonly string[] AllNames =
    [
        "plain", "a:b", "{tag}", "{tag}:a", "a{tag}b{other}", "a}b", "}{", "{}", "{}a}", "a{b", "{{a}}", "a b\tc", "ñandú 東京 🔒", new string('x', 1024), "}" + new string('x', 1023),
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task All_keys_of_a_resource_are_in_one_cluster_slot_and_the_lock_is_the_plain_key(string name)
    {
        using var cluster = await StartClusterAsync();
        using var admin = ServerFixture.ConnectAsAdmin(cluster);
        var keys = new LockKeys(name);
        Assert.Equal("lock:" + name, (string)keys.Lock!);
        var slots = keys.All.Select(key => (int)admin.GetDatabase().Execute("CLUSTER", "KEYSLOT", key)).Distinct();
        Assert.Single(slots);
        Assert.Equal(3, keys.All.Select(key => (string)key!).Distinct().Count());
    }

    [Fact]
    public async Task Locks_are_handed_over_on_a_cluster_node_whatever_their_names()
    {
        using var cluster = await StartClusterAsync();
        using var admin = ServerFixture.ConnectAsAdmin(cluster);
        await admin.GetDatabase().ExecuteAsync("CLUSTER", [.. new object[] { "ADDSLOTS" }, .. Enumerable.Range(0, 16384).Select(slot => (object)slot)]);
        while (!((string)(await admin.GetDatabase().ExecuteAsync("CLUSTER", "INFO"))!).Contains("cluster_state:ok", StringComparison.Ordinal))
        {
            await Task.Delay(50);
        }

        await using var mutex = new RedisMutex(ServerFixture.SettingsOf(cluster));
        await using var other = new RedisMutex(ServerFixture.SettingsOf(cluster));
        foreach (var name in AllNames)
        {
            Assert.True(await mutex.LockAsync(name));
            var waiting = other.LockAsync(name, TimeSpan.FromSeconds(20));
            await ServerFixture.UntilQueuedAsync(other.Database, name, 1);
            Assert.True(await mutex.UnlockAsync(name));
            Assert.True(await waiting);
            Assert.True(await other.UnlockAsync(name));
        }
    }

    private Task<Workshop.PrivateServer> StartClusterAsync() => server.StartAnotherAsync(
        "--cluster-enabled", "yes", "--cluster-config-file", Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()));
}
