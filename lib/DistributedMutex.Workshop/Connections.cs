using System.Diagnostics;

namespace DistributedMutex.Workshop;

/// <summary>The connections of this process, as CLIENT LIST tells them: the server is asked. Those of the one that asks are not among them.</summary>
public static class Connections
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(30);

    /// <summary>How many there are.</summary>
    public static int Count() => List().Count;

    /// <summary>What each is for.</summary>
    public static IReadOnlyList<string> List()
    {
        var all = Settled().ToLookup(Listens);

        // One of each kind belongs to RedisCli.
        return
        [
            .. all[false].Skip(1).Select(_ => "flags=N: sends commands"),
            .. all[true].Skip(1).Select(_ => "flags=P: listens for messages"),
        ];
    }

    /// <summary>
    /// Id and flags of each. A client opens a pair; it does not wait for the second, nor the server for the end of one that was
    /// closed: so this asks until there are only pairs, twice the same, for 5 seconds at most.
    /// </summary>
    internal static IReadOnlyList<(string Id, string Flags)> Settled()
    {
        var started = Stopwatch.GetTimestamp();
        var name = RedisCli.Ask("CLIENT GETNAME");
        var before = Ask(name);
        while (true)
        {
            Thread.Sleep(Between);
            var now = Ask(name);
            if ((now.SequenceEqual(before) && now.Count(Listens) * 2 == now.Count) || Stopwatch.GetElapsedTime(started) > Long)
            {
                return now;
            }

            before = now;
        }
    }

    // A client bears the name of its process: so all of them have that of the one that asks.
    private static List<(string Id, string Flags)> Ask(string name) =>
    [
        .. RedisCli.Ask("CLIENT LIST").Split('\n', StringSplitOptions.TrimEntries)
            .Select(line => line.Split(' ').Select(field => field.Split('=', 2)).Where(field => field.Length == 2).ToDictionary(field => field[0], field => field[1]))
            .Where(fields => fields.GetValueOrDefault("name") == name)
            .Select(fields => (fields["id"], fields["flags"])),
    ];

    private static bool Listens((string Id, string Flags) connection) => connection.Flags.Contains('P', StringComparison.Ordinal);
}
