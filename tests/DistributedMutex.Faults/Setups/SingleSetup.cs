using DistributedMutex.Faults.Nemesis;

namespace DistributedMutex.Faults.Setups;

/// <summary>One redis-server, which keeps its data on disk, behind a link for each worker.</summary>
internal sealed class SingleSetup : Setup
{
    private readonly Node _node;
    private readonly List<Link> _links;

    public SingleSetup(string folder)
        : base(folder)
    {
        _node = NewRedis("server");
        _links = [.. Enumerable.Range(0, Workers).Select(_ => new Link(_node.Port))];
    }

    public override IReadOnlyList<Node> Nodes => [_node];

    public override IReadOnlyList<Fault> Faults =>
    [
        .. FaultKinds.OfWorkers, .. FaultKinds.OfLinks, .. FaultKinds.OfData, .. FaultKinds.OfConnections, .. FaultKinds.OfRedis, .. FaultKinds.OfRights,
        new RestartServer(withData: true), new RestartServer(withData: false), new ForeignClient(),
    ];

    public override string ConnectionOf(int worker) =>
        $"127.0.0.1:{_links[worker].Port},user={Node.Account.Name},password={Node.Account.Password}";

    public override RedisSettings OwnOf(int worker) =>
        new() { Host = "127.0.0.1", Port = _links[worker].Port, User = Node.Account.Name, Password = Node.Account.Password };

    public override IReadOnlyList<Link> LinksOf(int worker) => [_links[worker]];

    public override Task StartAsync() => _node.StartAsync();

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _links.ForEach(link => link.Dispose());
    }
}
