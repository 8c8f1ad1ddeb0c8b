using System.Globalization;
using DistributedMutex.Faults.Nemesis;
using DistributedMutex.Workshop;

namespace DistributedMutex.Faults.Setups;

/// <summary>A Redis Cluster of three masters, which the workers find by naming one of them.</summary>
internal sealed class ClusterSetup : Setup
{
    private const int Slots = 16384;

    private readonly List<(Node Node, int BusPort)> _members;

    public ClusterSetup(string folder)
        : base(folder)
    {
        _members = [.. Enumerable.Range(0, 3).Select(number => NewMember($"member{number}"))];
    }

    public override IReadOnlyList<Node> Nodes => _members.ConvertAll(member => member.Node);

    public override IReadOnlyList<Fault> Faults =>
    [
        .. FaultKinds.OfWorkers, .. FaultKinds.OfData, .. FaultKinds.OfConnections, .. FaultKinds.OfRedis,
        new MoveSlot(), new MoveSlot(), new RestartServer(withData: true),
    ];

    public override string ConnectionOf(int worker) => string.Join(',', _members.Select(member => $"127.0.0.1:{member.Node.Port}"));

    public override RedisSettings OwnOf(int worker) => new() { Host = "127.0.0.1", Port = _members[worker % _members.Count].Node.Port };

    public override async Task StartAsync()
    {
        await Task.WhenAll(_members.Select(member => member.Node.StartAsync())).ConfigureAwait(false);
        var share = Slots / _members.Count;
        for (var i = 0; i < _members.Count; i++)
        {
            var last = i == _members.Count - 1 ? Slots - 1 : ((i + 1) * share) - 1;
            await _members[i].Node.AskAsync("CLUSTER", "ADDSLOTSRANGE", Text(i * share), Text(last)).ConfigureAwait(false);
            await _members[i].Node.AskAsync("CLUSTER", "MEET", "127.0.0.1", Text(_members[0].Node.Port), Text(_members[0].BusPort)).ConfigureAwait(false);
        }

        await UntilAsync("the cluster is complete", IsCompleteAsync).ConfigureAwait(false);
    }

    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task<bool> IsCompleteAsync()
    {
        foreach (var node in Nodes)
        {
            var info = (string)(await node.AskAsync("CLUSTER", "INFO").ConfigureAwait(false))!;
            if (!info.Contains("cluster_state:ok", StringComparison.Ordinal) || !info.Contains($"cluster_known_nodes:{_members.Count}", StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    private (Node Node, int BusPort) NewMember(string name)
    {
        var busPort = PrivateServer.FindFreePort();
        return (NewRedis(name, "--cluster-enabled", "yes", "--cluster-port", Text(busPort), "--cluster-node-timeout", "3000", "--cluster-require-full-coverage", "no"), busPort);
    }
}
