using DistributedMutex.Faults.Setups;

namespace DistributedMutex.Faults.Nemesis;

/// <summary>The faults that need nothing but a worker, a link, or a server that takes the command.</summary>
internal static class FaultKinds
{
    private const string User = Node.Account.Name;

    /// <summary>For every set-up.</summary>
    public static IEnumerable<Fault> OfWorkers =>
        [new KillWorker(), new StopWorker("stop-worker", 0.1, 1.5), new StopWorker("stop-worker-long", 2.2, 4), new StopHeadOfLine()];

    /// <summary>For set-ups with a link for each worker.</summary>
    public static IEnumerable<Fault> OfLinks =>
    [
        new LinkFault("cut", link => link.Cut(), _ => { }, 0, 0),
        new LinkFault("refuse", link => { link.Refuses = true; link.Cut(); }, link => link.Refuses = false, 0.1, 1.2),
        new LinkFault("delay", link => link.Delay = TimeSpan.FromMilliseconds(150), link => link.Delay = TimeSpan.Zero, 0.3, 1.2),
        new LinkFault("hold-replies", link => link.HoldsReplies = true, link => link.HoldsReplies = false, 0.1, 2.4),

        // What was thrown away leaves both ends out of step: only a new connection helps, as in life.
        new LinkFault("swallow-replies", link => link.SwallowsReplies = true, link => { link.SwallowsReplies = false; link.Cut(); }, 0.1, 1.2),
        new LinkFault("swallow-requests", link => link.SwallowsRequests = true, link => { link.SwallowsRequests = false; link.Cut(); }, 0.1, 1.2),
    ];

    public static IEnumerable<Fault> OfData => [new DeleteLock(), new FlushAll(), new Command("script-flush", ["SCRIPT", "FLUSH"])];

    public static IEnumerable<Fault> OfConnections =>
    [
        new Command("client-kill-normal", ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]),
        new Command("client-kill-pubsub", ["CLIENT", "KILL", "TYPE", "pubsub"]),
    ];

    /// <summary>For set-ups with replicas: what they follow the master by.</summary>
    public static IEnumerable<Fault> OfReplication => [new Command("client-kill-replica", ["CLIENT", "KILL", "TYPE", "replica"])];

    /// <summary>What only redis-server has, or has in this way.</summary>
    public static IEnumerable<Fault> OfRedis =>
    [
        new PauseClients("ALL"),
        new PauseClients("WRITE"),
        new BusyScript(),
        new StopServer(),
        new Command("memory-full", ["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"], 0.1, 1, stopsService: true),
    ];

    /// <summary>For set-ups whose workers sign in.</summary>
    public static IEnumerable<Fault> OfRights =>
    [
        new Command("acl-no-scripts", ["ACL", "SETUSER", User, "-@scripting"], ["ACL", "SETUSER", User, "+@all"], 0.1, 1, stopsService: true),
        new Command("acl-no-publish", ["ACL", "SETUSER", User, "-publish"], ["ACL", "SETUSER", User, "+@all"], 0.1, 1, stopsService: true),
        new Command("acl-no-channels", ["ACL", "SETUSER", User, "resetchannels"], ["ACL", "SETUSER", User, "allchannels"], 0.1, 1, stopsService: true),
        new Command("acl-off", ["ACL", "SETUSER", User, "off"], ["ACL", "SETUSER", User, "on"], 0.1, 1, stopsService: true),
    ];
}
