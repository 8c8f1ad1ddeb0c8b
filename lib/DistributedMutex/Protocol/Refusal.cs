using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <summary>What kind of failure an exception of the client tells of.</summary>
internal static class Refusal
{
    // The server is not ready, or not the one to ask, now.
    private static readonly string[] Passing =
        ["LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY ", "NOREPLICAS", "MOVED", "ASK ", "ERR max number of clients"];

    /// <summary>Whether it is one that the client throws.</summary>
    public static bool IsOfClient(this Exception e) => e is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException;

    /// <summary>Whether another try may succeed: no answer, or one that will be another soon.</summary>
    public static bool IsPassing(this Exception e) =>
        e is RedisConnectionException or TimeoutException
        || (e is RedisServerException && Passing.Any(word => e.Message.StartsWith(word, StringComparison.Ordinal)));

    /// <summary>Whether the server, or the client for it, has said no, and will again.</summary>
    public static bool IsRefusal(this Exception e) => e is RedisServerException or RedisCommandException && !e.IsPassing();

    /// <summary>Whether the server that was asked is the master no more, or the client does not ask it since it knows no master.</summary>
    public static bool IsOfReplica(this Exception e) =>
        e is RedisException && (e.Message.Contains("READONLY", StringComparison.Ordinal) || e.Message.Contains("not eligible for replica", StringComparison.Ordinal));
}
