using StackExchange.Redis;

namespace DistributedMutex.Benchmarks.Locks;

/// <summary>One of the locks that are compared.</summary>
/// <param name="Name">As the tables call it, and as a worker process is told.</param>
/// <param name="Commands">What its clients send; commands that only its scripts call are not among them.</param>
/// <param name="New">Makes the lock of one worker.</param>
internal sealed record LockKind(string Name, IReadOnlyList<string> Commands, Func<IConnectionMultiplexer, string, WorkerLock> New)
{
    public static LockKind Mutex { get; } = new(
        "RedisMutex", ["eval", "evalsha"], static (connection, resource) => new MutexWorkerLock(new RedisMutex(connection), resource));

    public static LockKind Poll100 { get; } = Poll(100);

    public static LockKind LockTake { get; } = new(
        "LockTake, 100 ms",
        ["set", "watch", "get", "multi", "del", "exec", "unwatch"],
        static (connection, resource) => new LockTakeLock(connection.GetDatabase(), resource, TimeSpan.FromMilliseconds(100)));

    /// <summary>A poll loop that costs about as many commands as its speed is worth, and the two that tutorials write.</summary>
    public static IReadOnlyList<LockKind> All { get; } = [Mutex, Poll100, Poll(500), Poll(5), LockTake];

    public static LockKind Find(string name) => All.Single(kind => kind.Name == name);

    private static LockKind Poll(int milliseconds) => new(
        $"poll, {milliseconds} ms",
        ["set", "eval", "evalsha"],
        (connection, resource) => new PollLock(connection.GetDatabase(), resource, TimeSpan.FromMilliseconds(milliseconds)));
}
