using DistributedMutex.Protocol;
using DistributedMutex.Tests.Servers;
using StackExchange.Redis;

namespace DistributedMutex.Tests;

[Collection(OnRedis.Name)]
public sealed class KeyTests(RedisFixture server)
{
    private static readonly string[] Prefixes = ["lock:", "shop:locks:", "{shop}:", "shop{a}:", "}{b}:"];

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
        foreach (var prefix in Prefixes)
        {
            var keys = new LockKeys(name, prefix);
            Assert.Equal(prefix + name, (string)keys.Lock!);
            var slots = keys.All.Select(key => (int)admin.GetDatabase().Execute("CLUSTER", "KEYSLOT", key)).Distinct();
            Assert.Single(slots);
            Assert.Equal(3, keys.All.Select(key => (string)key!).Distinct().Count());

            // Or else a resource could have the name of another's queue.
            Assert.All(keys.All[1..], key => Assert.False(((string)key!).StartsWith(prefix, StringComparison.Ordinal)));
            Assert.Equal(keys.All, LockKeys.OfKey(prefix + name).All);
        }
    }

    [Fact]
    public void The_default_prefix_is_what_other_clients_use() => Assert.Equal("lock:", new MutexOptions().KeyPrefix);

    [Fact]
    public async Task Locks_are_handed_over_on_a_cluster_node_whatever_their_names_and_prefixes()
    {
        using var cluster = await StartClusterAsync();
        using var admin = ServerFixture.ConnectAsAdmin(cluster);
        await admin.GetDatabase().ExecuteAsync("CLUSTER", [.. new object[] { "ADDSLOTS" }, .. Enumerable.Range(0, 16384).Select(slot => (object)slot)]);
        while (!((string)(await admin.GetDatabase().ExecuteAsync("CLUSTER", "INFO"))!).Contains("cluster_state:ok", StringComparison.Ordinal))
        {
            await Task.Delay(50);
        }

        foreach (var options in Prefixes.Select(prefix => new MutexOptions { KeyPrefix = prefix }))
        {
            await using var mutex = new RedisMutex(ServerFixture.SettingsOf(cluster), options);
            await using var other = new RedisMutex(ServerFixture.SettingsOf(cluster), options);
            foreach (var name in AllNames)
            {
                Assert.True(await mutex.LockAsync(name));
                var waiting = other.LockAsync(name, TimeSpan.FromSeconds(20));
                await ServerFixture.UntilQueuedAsync(other.Database, new LockKeys(name, options.KeyPrefix), 1);
                Assert.True(await mutex.UnlockAsync(name));
                Assert.True(await waiting);
                Assert.True(await other.UnlockAsync(name));
            }
        }
    }

    private Task<Workshop.PrivateServer> StartClusterAsync() => server.StartAnotherAsync(
        "--cluster-enabled", "yes", "--cluster-config-file", Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()));
}
