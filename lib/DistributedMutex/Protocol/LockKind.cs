namespace DistributedMutex.Protocol;

/// <summary>What is held, and how.</summary>
/// <param name="Name">What telemetry calls it.</param>
/// <param name="Owner">The public type that hands it out.</param>
/// <param name="Way">What the owner tokens begin with, which tells the scripts, and whoever reads the keys, how the lock is held; none for the mutex.</param>
internal sealed record LockKind(string Name, string Owner, string? Way)
{
    public const string Permits = "1of";

    public static readonly LockKind Mutex = new("mutex", nameof(RedisMutex), null);
    public static readonly LockKind Read = new("read", nameof(RedisReadWriteLock), "read");
    public static readonly LockKind Write = new("write", nameof(RedisReadWriteLock), "write");

    public LockScripts Scripts => ScriptsOf(Way);

    /// <summary>One of so many permits.</summary>
    public static LockKind Permit(int permits) => new("permit", nameof(RedisSemaphore), $"{Permits}{permits}");

    public static LockScripts ScriptsOf(string? way) => way is null ? LockScripts.Mutex : LockScripts.Shared;

    public string NewToken(string clientId) => Way is null ? OwnerToken.New(clientId) : $"{Way}/{OwnerToken.New(clientId)}";
}
