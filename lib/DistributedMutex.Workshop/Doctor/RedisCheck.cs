using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;

namespace DistributedMutex.Workshop;

/// <summary>The server that the scripts use: what it is, how old, how far away, whether it may forget locks, and what we may do there.</summary>
internal static class RedisCheck
{
    private const int Pings = 20;

    private static readonly Version OldestRedis = new(6, 2);

    /// <summary>The server that the scripts of this process use, which is found or started for it.</summary>
    public static List<DoctorFinding> Check()
    {
        try
        {
            return Check(RedisServer.Use());
        }
        catch (Exception e) when (e is RedisConnectionException or InvalidOperationException)
        {
            return [new("Redis", DoctorState.Broken, e.Message)];
        }
    }

    public static List<DoctorFinding> Check(RedisSettings settings)
    {
        using var connection = RedisClient.Connect(settings, allowAdmin: true);
        var database = connection.GetDatabase();
        return [.. Judge(settings, ReadInfo(database), MedianPing(database)), RightsCheck.Check(connection, settings.User)];
    }

    public static List<DoctorFinding> Judge(RedisSettings settings, Dictionary<string, string> info, TimeSpan roundTrip)
    {
        var (kind, version) = KindOf(info);
        var text = string.Create(CultureInfo.InvariantCulture, $"{kind} {version} at {settings}, {roundTrip.TotalMilliseconds:0.0} ms a round trip");
        List<DoctorFinding> findings = [new("Redis", DoctorState.Fine, text)];
        if (TooOld(info) is { } needed)
        {
            findings = [new("Redis", DoctorState.Broken, $"{text}.", $"The library needs {needed} or later.")];
        }

        if (info.TryGetValue("maxmemory_policy", out var policy))
        {
            findings.Add(policy == "noeviction"
                ? new("maxmemory-policy", DoctorState.Fine, policy)
                : new("maxmemory-policy", DoctorState.Optional, $"{policy}: when its memory is full, this Redis deletes locks that are held.", "Set noeviction."));
        }

        return findings;
    }

    // What Garnet reports as its Redis version says nothing of what it can do. Who does not say how old it is may be new enough.
    private static string? TooOld(Dictionary<string, string> info) =>
        Version.TryParse(info.GetValueOrDefault("garnet_version"), out var garnet) ? garnet < ServerKind.OldestGarnet ? $"Garnet {ServerKind.OldestGarnet}" : null
        : Version.TryParse(info.GetValueOrDefault("redis_version"), out var redis) && redis < OldestRedis ? $"{OldestRedis}"
        : null;

    private static Dictionary<string, string> ReadInfo(IDatabase database)
    {
        string text;
        try
        {
            text = (string?)database.Execute("INFO") ?? "";
        }
        catch (RedisServerException)
        {
            // The user may not ask, and the lock does without.
            text = "";
        }

        return text.Split('\n').Select(line => line.Trim().Split(':', 2)).Where(parts => parts.Length == 2)
            .GroupBy(parts => parts[0]).ToDictionary(same => same.Key, same => same.First()[1]);
    }

    // The others report a Redis version too, the one whose commands they know.
    private static (string Kind, string Version) KindOf(Dictionary<string, string> info) =>
        info.TryGetValue("garnet_version", out var garnet) ? ("Garnet", garnet)
        : info.TryGetValue("valkey_version", out var valkey) ? ("Valkey", valkey)
        : (ServerKind.RedisServer, info.GetValueOrDefault("redis_version", "of an unknown version"));

    private static TimeSpan MedianPing(IDatabase database)
    {
        List<TimeSpan> times = [];
        for (var i = 0; i < Pings; i++)
        {
            var started = Stopwatch.GetTimestamp();
            database.Execute("ECHO", "here");
            times.Add(Stopwatch.GetElapsedTime(started));
        }

        times.Sort();
        return times[Pings / 2];
    }
}
