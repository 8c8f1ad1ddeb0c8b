using DistributedMutex.Faults.Nemesis;
using DistributedMutex.Workshop;

namespace DistributedMutex.Faults.Setups;

/// <summary>The servers of a run, how workers reach them, and what may happen to them.</summary>
internal abstract class Setup(string folder) : IDisposable
{
    public const int Workers = 3;

    /// <summary>Locks that are held for a moment, over and over.</summary>
    public IReadOnlyList<string> BusyLocks { get; } = ["orders", "stock", "mail", "invoices", "parcels"];

    /// <summary>Locks that are held for long, and so wanted by few: whoever wants the others would soon all stand here.</summary>
    public IReadOnlyList<string> SlowLocks { get; } = ["reports", "archive"];

    /// <summary>Locks with a long lease: here it is seen who waits for the end of a lease, and should not.</summary>
    public IReadOnlyList<string> LongLocks { get; } = ["ledger"];

    public IReadOnlyList<string> Locks => [.. BusyLocks, .. SlowLocks, .. LongLocks];

    /// <summary>The servers that hold data.</summary>
    public abstract IReadOnlyList<Node> Nodes { get; }

    /// <summary>What the nemesis may do.</summary>
    public abstract IReadOnlyList<Fault> Faults { get; }

    /// <summary>How a worker's shared connections are configured.</summary>
    public abstract string ConnectionOf(int worker);

    /// <summary>The server of a mutex with a connection of its own; null if there is no such.</summary>
    public virtual RedisSettings? OwnOf(int worker) => null;

    /// <summary>The network between a worker and the servers; empty where clients find the servers by themselves.</summary>
    public virtual IReadOnlyList<Link> LinksOf(int worker) => [];

    public abstract Task StartAsync();

    /// <summary>The set-up of a name.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static Setup Of(string name, string folder) => name switch
    {
        "single" => new SingleSetup(folder),
        "replica" => new ReplicaSetup(folder),
        "sentinel" => new SentinelSetup(folder),
        "cluster" => new ClusterSetup(folder),
        "garnet" => new GarnetSetup(folder),
        _ => throw new ArgumentException($"There is no set-up {name}: single, replica, sentinel, cluster, garnet."),
    };

    /// <summary>The server that takes writes; the first, if none says so.</summary>
    public async Task<Node> FindMasterAsync()
    {
        foreach (var node in Nodes)
        {
            if (await node.IsMasterAsync().ConfigureAwait(false))
            {
                return node;
            }
        }

        return Nodes[0];
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        foreach (var node in Nodes)
        {
            node.Dispose();
        }
    }

    protected Node NewRedis(string name, params IEnumerable<string> moreArguments) =>
        Node.OfRedis(Path.Combine(folder, name), PrivateServer.FindFreePort(), moreArguments);

    /// <summary>Waits for what a server is to become.</summary>
    public static async Task UntilAsync(string what, Func<Task<bool>> condition)
    {
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition().ConfigureAwait(false))
        {
            if (end.IsCancellationRequested)
            {
                throw new TimeoutException($"It took too long until {what}.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None).ConfigureAwait(false);
        }
    }
}
