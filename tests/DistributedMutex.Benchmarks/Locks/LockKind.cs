using RedLockNet.SERedis;
using RedLockNet.SERedis.Configuration;
using StackExchange.Redis;

namespace DistributedMutex.Benchmarks.Locks;

/// <summary>One of the locks that are compared.</summary>
/// <param name="Name">As the tables call it, and as a worker process is told.</param>
/// <param name="Open">Makes it, on a connection that it shares.</param>
internal sealed record LockKind(string Name, Func<IConnectionMultiplexer, LockSource> Open)
{
    /// <summary>A poll loop that never has to poll is SET NX PX and compare-and-delete: nothing that is a lock on one Redis can be cheaper.</summary>
    public static LockKind Floor { get; } = Poll("Floor", 100);

    public static LockKind Mutex { get; } = Ours("RedisMutex, Lock", new MutexOptions(), static (mutex, resource) => new MutexAdapter(mutex, resource));

    public static LockKind Scope { get; } = Ours("RedisMutex, scope", new MutexOptions(), static (mutex, resource) => new ScopeAdapter(mutex, resource));

    public static LockKind ScopeWithoutFence { get; } =
        Ours("scope without fence", new MutexOptions { Fence = false }, static (mutex, resource) => new ScopeAdapter(mutex, resource));

    public static LockKind DistributedLock { get; } = new(
        "DistributedLock", static connection => new LockSource(resource => new DistributedLockAdapter(connection.GetDatabase(), resource)));

    public static LockKind RedLock { get; } = new("RedLock.net", static connection =>
    {
        var factory = RedLockFactory.Create([new RedLockMultiplexer(connection)]);
        return new LockSource(resource => new RedLockAdapter(factory, resource), factory);
    });

    public static LockKind LockTake { get; } = new(
        "LockTake", static connection => new LockSource(resource => new LockTakeAdapter(connection.GetDatabase(), resource, TimeSpan.FromMilliseconds(100))));

    /// <summary>Those that are compared where nobody waits; the floor is the first.</summary>
    public static IReadOnlyList<LockKind> Uncontended { get; } = [Floor, Mutex, Scope, ScopeWithoutFence, DistributedLock, RedLock, LockTake];

    /// <summary>Those that are compared where many wait: a tutorial's poll loop among them, and one that is quick at the price of commands.</summary>
    public static IReadOnlyList<LockKind> Contended { get; } = [Mutex, DistributedLock, RedLock, Poll("poll, 100 ms", 100), Poll("poll, 5 ms", 5)];

    public static LockKind Find(string name) => Contended.Single(kind => kind.Name == name);

    private static LockKind Ours(string name, MutexOptions options, Func<RedisMutex, string, LockAdapter> adapterFor) => new(name, connection =>
    {
        var mutex = new RedisMutex(connection, options);
        return new LockSource(resource => adapterFor(mutex, resource), mutex);
    });

    private static LockKind Poll(string name, int milliseconds) => new(
        name, connection => new LockSource(resource => new PollAdapter(connection.GetDatabase(), resource, TimeSpan.FromMilliseconds(milliseconds))));
}
