namespace DistributedMutex.Workshop;

/// <summary>What an ACL user needs for the lock, as ACL SETUSER takes it. The README has the same list.</summary>
internal static class Rights
{
    public const string Channel = "lock-grants:";

    /// <summary>For the commands of the scripts, and those around them.</summary>
    public static readonly IReadOnlyList<string> Commands =
    [
        "+echo", "+ping", "+eval", "+evalsha", "+time", "+exists", "+set", "+get", "+del", "+pttl", "+pexpire", "+zadd", "+zrange", "+zrank", "+zrem", "+zscore",
    ];

    /// <summary>To be woken, and to wake others. Without, who waits asks again and again.</summary>
    public static readonly IReadOnlyList<string> Messages = [$"&{Channel}*", "+publish", "+subscribe", "+unsubscribe", "+pubsub|numsub"];

    /// <summary>To find the master where there are several servers.</summary>
    public static readonly IReadOnlyList<string> SeveralServers = ["+info", "+role"];

    /// <summary>For the keys of a lock, its queue and its last fence. The last one is for names that hold a closing brace.</summary>
    public static IReadOnlyList<string> Keys(string prefix) =>
        prefix.StartsWith('{') ? [$"~{prefix}*", $"~queue:{prefix}*", $"~fence:{prefix}*"] : [$"~{prefix}*", $"~{{{prefix}*", $"~{{*}}:{prefix}*"];
}
