using DistributedMutex.Protocol;
using StackExchange.Redis;

namespace DistributedMutex.Workshop;

/// <summary>Whether the user has all rights that the lock needs: tried one by one, on keys that nobody has.</summary>
internal static class RightsCheck
{
    private const string Subject = "Rights";

    public static DoctorFinding Check(IConnectionMultiplexer connection, string? user)
    {
        var name = user ?? "default";
        List<string> missing = [.. Tries(connection).Where(one => IsRefused(one.Right, one.Try)).Select(one => one.Right)];
        var rights = string.Join(' ', missing);
        return missing.Count == 0 ? new(Subject, DoctorState.Fine, $"the user '{name}' has all that the lock needs")
            : missing.All(Rights.Messages.Contains)
                ? new(Subject, DoctorState.Optional, $"the user '{name}' can't be woken, or wake others, so that who waits asks again and again.", $"Run 'ACL SETUSER {name} {rights}'.")
                : new(Subject, DoctorState.Broken, $"the user '{name}' lacks {rights}.", $"Run 'ACL SETUSER {name} {rights}'.");
    }

    private static IEnumerable<(string Right, Action Try)> Tries(IConnectionMultiplexer connection)
    {
        var database = connection.GetDatabase();
        var resource = $"doctor-{Guid.NewGuid():N}";
        var (keys, withBrace) = (new LockKeys(resource), new LockKeys("}" + resource));
        var (key, queue) = ((string)keys.Lock!, (string)keys.Queue!);
        var patterns = Rights.Keys(LockKeys.DefaultPrefix);
        var channel = RedisChannel.Literal(Rights.Channel + resource);
        return
        [
            (patterns[0], Sends("GET", key)),
            (patterns[1], Sends("ZRANK", queue, "nobody")),
            (patterns[2], Sends("ZRANK", (string)withBrace.Queue!, "nobody")),
            ("+ping", Sends("PING")),
            ("+eval", Sends("EVAL", "return 0", "0")),
            ("+evalsha", Sends("EVALSHA", new string('0', 40), "0")),
            ("+time", Sends("TIME")),
            ("+exists", Sends("EXISTS", key)),
            ("+set", Sends("SET", key, "doctor", "NX", "PX", "1000")),
            ("+get", Sends("GET", key)),
            ("+pttl", Sends("PTTL", key)),
            ("+pexpire", Sends("PEXPIRE", key, "1000")),
            ("+del", Sends("DEL", key)),
            ("+zadd", Sends("ZADD", queue, "XX", "1", "nobody")),
            ("+zrange", Sends("ZRANGE", queue, "0", "0")),
            ("+zrank", Sends("ZRANK", queue, "nobody")),
            ("+zscore", Sends("ZSCORE", queue, "nobody")),
            ("+zrem", Sends("ZREM", queue, "nobody")),
            (Rights.Messages[0], Sends("PUBLISH", (string)channel!, "")),
            ("+publish", Sends("PUBLISH", (string)channel!, "")),
            (Rights.Messages[0], () => connection.GetSubscriber().Subscribe(channel)),
            ("+subscribe", () => connection.GetSubscriber().Subscribe(channel)),
            ("+unsubscribe", () => connection.GetSubscriber().UnsubscribeAll()),
            ("+pubsub|numsub", Sends("PUBSUB", "NUMSUB", (string)channel!)),
        ];

        Action Sends(string command, params object[] arguments) => () => database.Execute(command, arguments);
    }

    // "this user has no permissions to run the 'zrem' command", or "to access one of the keys", or "one of the channels"
    private static bool IsRefused(string right, Action sends)
    {
        try
        {
            sends();
            return false;
        }
        catch (RedisServerException e)
        {
            return e.Message.Contains("NOPERM", StringComparison.Ordinal)
                && e.Message.Contains(right[0] switch { '~' => "keys", '&' => "channels", _ => "command" }, StringComparison.Ordinal);
        }
    }
}
