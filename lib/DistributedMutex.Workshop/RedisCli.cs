using StackExchange.Redis;

namespace DistributedMutex.Workshop;

/// <summary>What redis-cli would say: a connection of its own, which knows nothing of the mutex.</summary>
public static class RedisCli
{
    private static readonly Lazy<RedisClient> Client = new(() => new RedisClient(RedisClient.Connect(RedisServer.Use(), allowAdmin: true)));

    private static long _sent;

    /// <summary>How many commands were sent so far, without what the client itself sends.</summary>
    internal static long CommandCount => Interlocked.Read(ref _sent);

    /// <summary>Sends a command, its parts separated by spaces, and prints it and the reply.</summary>
    public static void Run(string command)
    {
        Console.WriteLine($"> {command}");
        Console.WriteLine(Ask(command));
    }

    /// <summary>Sends a command, its parts separated by spaces, and returns the reply as text; (nil) if there is none.</summary>
    public static string Ask(string command)
    {
        var parts = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return Ask(parts[0], parts[1..]);
    }

    /// <summary>As above, with arguments that may hold spaces, such as a script.</summary>
    public static string Ask(string command, params string[] arguments)
    {
        Interlocked.Increment(ref _sent);
        return Text(Client.Value.Database.Execute(command, [.. arguments]));
    }

    private static string Text(RedisResult result)
    {
        try
        {
            return (string?)result ?? "(nil)";
        }
        catch (InvalidCastException)
        {
            return string.Join('\n', ((RedisResult[])result!).Select((one, index) => $"{index + 1}) {Text(one)}"));
        }
    }
}
