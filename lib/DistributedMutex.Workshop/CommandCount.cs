using System.Globalization;
using System.Text.RegularExpressions;

namespace DistributedMutex.Workshop;

/// <summary>
/// Counts the commands that are executed while somebody waits: by INFO commandstats, which counts what all clients send; or
/// by what the clients themselves have sent, on a server whose statistics leave commands out (Garnet).
/// </summary>
internal sealed partial class CommandCount
{
    private readonly IReadOnlyList<RedisClient> _clients;
    private readonly Dictionary<string, long> _before;
    private readonly bool _byServer;

    /// <summary>Starts to count.</summary>
    /// <param name="clients">Those who wait, where they do not do it by <see cref="RedisCli"/>.</param>
    public CommandCount(IReadOnlyList<RedisClient> clients)
    {
        _clients = clients;

        // Garnet tells apart SET and SET NX PX, and leaves out the latter.
        _byServer = !RedisCli.Ask("INFO server").Contains("garnet", StringComparison.OrdinalIgnoreCase);
        _before = Read();
    }

    /// <summary>Who has counted.</summary>
    public string CountedBy => _byServer ? "INFO commandstats" : "the clients' own counters";

    /// <summary>How many of each there were since the start.</summary>
    public IReadOnlyList<(string Command, long Times)> Read(out long all)
    {
        var counted = Read().Select(pair => (Command: pair.Key, Times: pair.Value - _before.GetValueOrDefault(pair.Key)))
            .Where(one => one.Times > 0).OrderByDescending(one => one.Times).ToList();
        all = counted.Sum(one => one.Times);
        return counted;
    }

    private Dictionary<string, long> Read() => _byServer
        ? Calls().Matches(RedisCli.Ask("INFO commandstats"))
            .Where(match => match.Groups["command"].Value is not ("info" or "select")) // our own, and what the client puts before a command of RedisCli
            .ToDictionary(match => match.Groups["command"].Value, match => long.Parse(match.Groups["calls"].Value, CultureInfo.InvariantCulture))
        : new Dictionary<string, long> { ["command"] = RedisCli.CommandCount + _clients.Sum(client => client.Connection.OperationCount) };

    [GeneratedRegex(@"^cmdstat_(?<command>[^:]+):calls=(?<calls>\d+)", RegexOptions.Multiline)]
    private static partial Regex Calls();
}
