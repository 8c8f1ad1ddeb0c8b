using DistributedMutex.Faults.Nemesis;
using DistributedMutex.Workshop;

namespace DistributedMutex.Faults.Setups;

/// <summary>One Garnet server, which keeps its data in memory, behind a link for each worker.</summary>
internal sealed class GarnetSetup : Setup
{
    private readonly Node _node;
    private readonly List<Link> _links;

    public GarnetSetup(string folder)
        : base(folder)
    {
        _node = new Node(ServerKind.Garnet, PrivateServer.FindFreePort(), Directory.CreateDirectory(Path.Combine(folder, "server")).FullName, []);
        _links = [.. Enumerable.Range(0, Workers).Select(_ => new Link(_node.Port))];
    }

    public override IReadOnlyList<Node> Nodes => [_node];

    public override IReadOnlyList<Fault> Faults =>
        [.. FaultKinds.OfWorkers, .. FaultKinds.OfLinks, .. FaultKinds.OfData, .. FaultKinds.OfConnections, new RestartServer(withData: false), new ForeignClient()];

    public override string ConnectionOf(int worker) => $"127.0.0.1:{_links[worker].Port}";

    public override RedisSettings OwnOf(int worker) => new() { Host = "127.0.0.1", Port = _links[worker].Port };

    public override IReadOnlyList<Link> LinksOf(int worker) => [_links[worker]];

    public override Task StartAsync() => _node.StartAsync();

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _links.ForEach(link => link.Dispose());
    }
}
