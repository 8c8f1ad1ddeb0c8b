using System.Globalization;
using DistributedMutex.Faults.Setups;
using DistributedMutex.Workshop;

namespace DistributedMutex.Faults.Nemesis;

/// <summary>Master and replica change places, as FAILOVER does it: nothing is lost.</summary>
internal sealed class FailOver() : Fault("failover-to")
{
    public override bool ChangesTopology => true;

    public override bool StopsService => true;

    // A client may stay with the old master, which refuses it, for a while.
    public override TimeSpan Recovery => TimeSpan.FromSeconds(10);

    public override Strike Plan(Arena arena, Random random) => new("-", async () =>
    {
        var master = await arena.Setup.FindMasterAsync().ConfigureAwait(false);
        var replica = arena.Setup.Nodes.First(node => node != master);
        await master.AskAsync("FAILOVER", "TO", "127.0.0.1", replica.Port.ToString(CultureInfo.InvariantCulture), "TIMEOUT", "5000").ConfigureAwait(false);
        await Setup.UntilAsync("the replica is the master", replica.IsMasterAsync).ConfigureAwait(false);
    });
}

/// <summary>A replica that has heard nothing for a while becomes the master: what was granted meanwhile is lost.</summary>
internal sealed class PromoteStale() : Fault("promote-stale")
{
    public override bool ChangesTopology => true;

    public override TimeSpan Recovery => TimeSpan.FromSeconds(10);

    public override Strike Plan(Arena arena, Random random)
    {
        var (silence, overlap) = (Between(random, 0.2, 1.5), Between(random, 0, 0.5));
        return new Strike($"{silence.TotalSeconds:F1}s", async () =>
        {
            var master = await arena.Setup.FindMasterAsync().ConfigureAwait(false);
            var replica = arena.Setup.Nodes.First(node => node != master);

            // A master that is not there. The replica keeps what it has.
            await replica.AskAsync("REPLICAOF", "127.0.0.1", "1").ConfigureAwait(false);
            await Task.Delay(silence).ConfigureAwait(false);
            await replica.AskAsync("REPLICAOF", "NO", "ONE").ConfigureAwait(false);
            await Task.Delay(overlap).ConfigureAwait(false);
            await ReplicaSetup.FollowAsync(master, replica).ConfigureAwait(false);
        })
        { Loses = "*" };
    }
}

/// <summary>An operator asks the sentinels for another master. Replication is asynchronous: the last writes may be lost.</summary>
internal sealed class SentinelFailover() : Fault("sentinel-failover")
{
    public override bool ChangesTopology => true;

    public override int Weight => 1;

    public override bool StopsService => true;

    public override TimeSpan Recovery => TimeSpan.FromSeconds(10);

    public override Strike Plan(Arena arena, Random random) => new("-", async () =>
    {
        var setup = (SentinelSetup)arena.Setup;
        var old = await setup.FindMasterPortAsync().ConfigureAwait(false);
        await setup.AnySentinel.AskAsync("SENTINEL", "FAILOVER", SentinelSetup.ServiceName).ConfigureAwait(false);
        await setup.UntilMasterIsNotAsync(old).ConfigureAwait(false);
        await setup.SettleAsync().ConfigureAwait(false);
    })
    { Loses = "*" };
}

/// <summary>The master is killed, or stops until there is another; it comes back and learns that it is none any more.</summary>
internal sealed class LoseMaster(bool kills) : Fault(kills ? "kill-master" : "stop-master")
{
    public override bool ChangesTopology => true;

    public override int Weight => 1;

    public override bool StopsService => true;

    public override TimeSpan Recovery => TimeSpan.FromSeconds(10);

    public override Strike Plan(Arena arena, Random random) => new("-", async () =>
    {
        var setup = (SentinelSetup)arena.Setup;
        var master = await setup.FindNamedMasterAsync().ConfigureAwait(false);
        var process = master.ProcessId ?? throw new InvalidOperationException("The master is not there.");
        if (kills)
        {
            master.Kill();
        }
        else
        {
            await ProcessSignal.StopAsync(process).ConfigureAwait(false);
        }

        await setup.UntilMasterIsNotAsync(master.Port).ConfigureAwait(false);
        if (kills)
        {
            // Its operator knows that there is another; one that was stopped believes in itself until the sentinels tell it.
            // By somebody who knows; without that it would be told by a sentinel after ten seconds.
            await master.StartAsync().ConfigureAwait(false);
            await ReplicaSetup.FollowAsync(master, await setup.FindNamedMasterAsync().ConfigureAwait(false)).ConfigureAwait(false);
            var next = await setup.FindMasterPortAsync().ConfigureAwait(false);
            await master.AskAsync("REPLICAOF", "127.0.0.1", next.ToString(CultureInfo.InvariantCulture)).ConfigureAwait(false);
        }
        else
        {
            await ProcessSignal.ContinueAsync(process).ConfigureAwait(false);
        }

        await setup.SettleAsync().ConfigureAwait(false);
    })
    { Loses = "*" };
}

/// <summary>A lock's slot moves to another member of the cluster, key by key, while the lock is in use.</summary>
internal sealed class MoveSlot() : Fault("move-slot")
{
    public override bool ChangesTopology => true;

    public override int Weight => 4;

    public override Strike Plan(Arena arena, Random random)
    {
        var name = arena.Setup.Locks[random.Next(arena.Setup.Locks.Count)];
        var (choice, pause) = (random.Next(2), Between(random, 0, 0.3));
        return new Strike(name, async () =>
        {
            var nodes = arena.Setup.Nodes;
            var slot = ((long)(await nodes[0].AskAsync("CLUSTER", "KEYSLOT", "lock:" + name).ConfigureAwait(false))!).ToString(CultureInfo.InvariantCulture);
            var from = nodes[await FindOwnerAsync(nodes, slot).ConfigureAwait(false)];
            var to = nodes.Where(node => node != from).ElementAt(choice);
            var (fromId, toId) = (await IdOf(from).ConfigureAwait(false), await IdOf(to).ConfigureAwait(false));

            // To the end, also if a member is away for a while: half a move would stay for ever.
            await MendAsync(() => MoveAsync(nodes, slot, from, to, fromId, toId, pause)).ConfigureAwait(false);
        });
    }

    private static async Task MoveAsync(IReadOnlyList<Node> nodes, string slot, Node from, Node to, string fromId, string toId, TimeSpan pause)
    {
        await to.AskAsync("CLUSTER", "SETSLOT", slot, "IMPORTING", fromId).ConfigureAwait(false);
        await from.AskAsync("CLUSTER", "SETSLOT", slot, "MIGRATING", toId).ConfigureAwait(false);
        while (await from.AskAsync("CLUSTER", "GETKEYSINSLOT", slot, "1").ConfigureAwait(false) is object?[] and [string key])
        {
            await from.AskAsync("MIGRATE", "127.0.0.1", to.Port.ToString(CultureInfo.InvariantCulture), key, "0", "5000", "REPLACE").ConfigureAwait(false);
            await Task.Delay(pause).ConfigureAwait(false);
        }

        // The new owner first: a member that no longer has the slot and does not know who has would lose it.
        foreach (var node in new[] { to, from }.Concat(nodes).Distinct())
        {
            await node.AskAsync("CLUSTER", "SETSLOT", slot, "NODE", toId).ConfigureAwait(false);
        }
    }

    private static async Task<string> IdOf(Node node) => (string)(await node.AskAsync("CLUSTER", "MYID").ConfigureAwait(false))!;

    private static async Task<int> FindOwnerAsync(IReadOnlyList<Node> nodes, string slot)
    {
        for (var i = 0; i < nodes.Count; i++)
        {
            var myself = ((string)(await nodes[i].AskAsync("CLUSTER", "NODES").ConfigureAwait(false))!).Split('\n').First(line => line.Contains("myself", StringComparison.Ordinal));
            if (myself.Split(' ').Skip(8).Any(range => Contains(range, int.Parse(slot, CultureInfo.InvariantCulture))))
            {
                return i;
            }
        }

        throw new InvalidOperationException($"Nobody has slot {slot}.");
    }

    // "17", "0-5460", or what moves in brackets.
    private static bool Contains(string range, int slot)
    {
        var ends = range.Split('-');
        return ends[0].All(char.IsAsciiDigit)
            && int.Parse(ends[0], CultureInfo.InvariantCulture) <= slot && slot <= int.Parse(ends[^1], CultureInfo.InvariantCulture);
    }
}
