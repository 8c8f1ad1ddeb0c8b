using System.Globalization;
using DistributedMutex.Faults.Nemesis;
using DistributedMutex.Workshop;

namespace DistributedMutex.Faults.Setups;

/// <summary>A master, two replicas, and three sentinels, which the workers ask for the master.</summary>
internal sealed class SentinelSetup : Setup
{
    public const string ServiceName = "faults";

    private readonly List<Node> _nodes;
    private readonly List<Node> _sentinels;

    public SentinelSetup(string folder)
        : base(folder)
    {
        _nodes = [NewRedis("first"), NewRedis("second"), NewRedis("third")];
        _sentinels = [.. Enumerable.Range(0, 3).Select(number => NewSentinel(Path.Combine(folder, $"sentinel{number}")))];
    }

    public override IReadOnlyList<Node> Nodes => _nodes;

    public Node AnySentinel => _sentinels[0];

    public override IReadOnlyList<Fault> Faults =>
    [
        .. FaultKinds.OfWorkers, .. FaultKinds.OfData, .. FaultKinds.OfConnections, .. FaultKinds.OfReplication,
        new SentinelFailover(), new LoseMaster(kills: true), new LoseMaster(kills: false),
    ];

    public override string ConnectionOf(int worker) =>
        string.Join(',', _sentinels.Select(sentinel => $"127.0.0.1:{sentinel.Port}")) + $",serviceName={ServiceName}";

    public override async Task StartAsync()
    {
        await Task.WhenAll(_nodes.Select(node => node.StartAsync())).ConfigureAwait(false);
        await Task.WhenAll(_nodes.Skip(1).Select(node => ReplicaSetup.FollowAsync(node, _nodes[0]))).ConfigureAwait(false);
        await Task.WhenAll(_sentinels.Select(sentinel => sentinel.StartAsync())).ConfigureAwait(false);
        foreach (var sentinel in _sentinels)
        {
            await sentinel.AskAsync("SENTINEL", "MONITOR", ServiceName, "127.0.0.1", _nodes[0].Port.ToString(CultureInfo.InvariantCulture), "2").ConfigureAwait(false);
            await sentinel.AskAsync("SENTINEL", "SET", ServiceName, "down-after-milliseconds", "1000", "failover-timeout", "5000").ConfigureAwait(false);
        }

        await UntilAsync("the sentinels know each other and the replicas", AreCompleteAsync).ConfigureAwait(false);
    }

    /// <summary>The port of the master that the sentinels name.</summary>
    public async Task<int> FindMasterPortAsync() =>
        await AnySentinel.AskAsync("SENTINEL", "GET-MASTER-ADDR-BY-NAME", ServiceName).ConfigureAwait(false) is object?[] and [_, string port]
            ? int.Parse(port, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException("The sentinels know no master.");

    /// <summary>The master that the sentinels name.</summary>
    public async Task<Node> FindNamedMasterAsync()
    {
        var port = await FindMasterPortAsync().ConfigureAwait(false);
        return _nodes.First(node => node.Port == port);
    }

    public Task UntilMasterIsNotAsync(int port) =>
        UntilAsync("the sentinels name another master", async () => await FindMasterPortAsync().ConfigureAwait(false) != port);

    /// <summary>Waits until there is one master, which the sentinels name, and the others follow it.</summary>
    public Task SettleAsync() => UntilAsync("all follow one master", async () =>
    {
        var port = await FindMasterPortAsync().ConfigureAwait(false);
        foreach (var node in _nodes)
        {
            try
            {
                var role = await node.AskAsync("ROLE").ConfigureAwait(false);
                if (role is not object?[] parts || (node.Port == port ? parts is not ["master", ..] : parts is not ["slave", _, _, "connected", ..] || (long)parts[2]! != port))
                {
                    return false;
                }
            }
            catch (Exception e) when (Node.IsAway(e))
            {
                return false;
            }
        }

        return true;
    });

    protected override void Dispose(bool disposing)
    {
        _sentinels.ForEach(sentinel => sentinel.Dispose());
        base.Dispose(disposing);
    }

    private async Task<bool> AreCompleteAsync()
    {
        foreach (var sentinel in _sentinels)
        {
            var state = (object?[])(await sentinel.AskAsync("SENTINEL", "MASTER", ServiceName).ConfigureAwait(false))!;
            if (Value("num-slaves") != "2" || Value("num-other-sentinels") != "2")
            {
                return false;
            }

            string? Value(string name) => state[Array.IndexOf(state, name) + 1] as string;
        }

        return true;
    }

    private static Node NewSentinel(string folder)
    {
        // A sentinel keeps what it learns in its configuration, and does not start without a file for it.
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, "sentinel.conf");
        File.WriteAllText(file, "");
        var kind = ServerKind.FindRedis() ?? throw new InvalidOperationException("redis-server is not on PATH.");
        return new Node(kind with { Arguments = [file, "--sentinel", "--bind", "127.0.0.1"], ReadyText = "Sentinel ID is" }, PrivateServer.FindFreePort(), folder, ["--dir", folder]);
    }
}
