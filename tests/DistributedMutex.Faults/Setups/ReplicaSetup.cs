using System.Globalization;
using DistributedMutex.Faults.Nemesis;

namespace DistributedMutex.Faults.Setups;

/// <summary>A master and its replica, both named to the workers, and both behind links.</summary>
internal sealed class ReplicaSetup : Setup
{
    private readonly List<Node> _nodes;
    private readonly List<List<Link>> _links;

    public ReplicaSetup(string folder)
        : base(folder)
    {
        _nodes = [NewRedis("first"), NewRedis("second")];
        _links = [.. Enumerable.Range(0, Workers).Select(_ => _nodes.ConvertAll(node => new Link(node.Port)))];
    }

    public override IReadOnlyList<Node> Nodes => _nodes;

    public override IReadOnlyList<Fault> Faults =>
    [
        .. FaultKinds.OfWorkers, .. FaultKinds.OfLinks, .. FaultKinds.OfData, .. FaultKinds.OfConnections, .. FaultKinds.OfReplication, .. FaultKinds.OfRedis, .. FaultKinds.OfRights,
        new FailOver(), new PromoteStale(),
    ];

    public override string ConnectionOf(int worker) =>
        string.Join(',', _links[worker].Select(link => $"127.0.0.1:{link.Port}")) + $",user={Node.Account.Name},password={Node.Account.Password}";

    public override IReadOnlyList<Link> LinksOf(int worker) => _links[worker];

    public override async Task StartAsync()
    {
        await Task.WhenAll(_nodes.Select(node => node.StartAsync())).ConfigureAwait(false);
        await FollowAsync(_nodes[1], _nodes[0]).ConfigureAwait(false);
    }

    /// <summary>Makes one the other's replica, and waits until it has copied all.</summary>
    public static async Task FollowAsync(Node replica, Node master)
    {
        await replica.AskAsync("REPLICAOF", "127.0.0.1", master.Port.ToString(CultureInfo.InvariantCulture)).ConfigureAwait(false);
        await UntilAsync("the replica follows", () => IsFollowingAsync(replica)).ConfigureAwait(false);
    }

    private static async Task<bool> IsFollowingAsync(Node replica)
    {
        try
        {
            return await replica.AskAsync("ROLE").ConfigureAwait(false) is object?[] and ["slave", _, _, "connected", ..];
        }
        catch (Exception e) when (Node.IsAway(e))
        {
            return false;
        }
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _links.ForEach(links => links.ForEach(link => link.Dispose()));
    }
}
