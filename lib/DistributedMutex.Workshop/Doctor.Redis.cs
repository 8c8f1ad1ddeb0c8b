using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using DistributedMutex.Settings;
using StackExchange.Redis;

namespace DistributedMutex.Workshop;

// What the scripts would use.
public static partial class Doctor
{
    private const int Pings = 20;

    private static readonly Version OldestRedis = new(6, 2);

    /// <summary>Whether the settings can be read, and which .env file and variables they come from.</summary>
    internal static (DoctorFinding Finding, RedisSettings? Settings) CheckEnvFile()
    {
        try
        {
            var settings = RedisSettings.FromEnvironment();
            var variables = RedisSettings.Variables.Where(name => !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(name))).ToList();
            var overridden = variables.Count == 0 ? "" : $", and {string.Join(", ", variables)} of the environment, which {(variables.Count == 1 ? "wins" : "win")} over it";
            return EnvFile.Find() is { } file
                ? (new(".env", DoctorState.Fine, $"{file}{overridden}"), settings)
                : (new(".env", DoctorState.Optional, $"there is none in this folder or above it, so {settings} is looked for{overridden}. 'git checkout .env' brings it back."), settings);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            return (new(".env", DoctorState.Broken, e.Message), null);
        }
    }

    /// <summary>Whether the port of a Redis on this machine is free, or a Redis has it.</summary>
    internal static async Task<DoctorFinding> CheckPortAsync(RedisSettings settings)
    {
        var subject = string.Create(CultureInfo.InvariantCulture, $"Port {settings.Port}");
        if (!RedisServer.IsThisMachine(settings.Host) || settings.Ssl)
        {
            return new(subject, DoctorState.Fine, settings.Ssl ? "not asked, since it speaks TLS" : $"on {settings.Host}, not on this machine");
        }

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(settings.Host, settings.Port, timeout.Token).ConfigureAwait(false);
            await client.GetStream().WriteAsync("PING\r\n"u8.ToArray(), timeout.Token).ConfigureAwait(false);
            var reply = await new StreamReader(client.GetStream(), Encoding.ASCII).ReadLineAsync(timeout.Token).ConfigureAwait(false) ?? "";
            if (reply.StartsWith("+PONG", StringComparison.Ordinal) || reply.StartsWith("-NOAUTH", StringComparison.Ordinal))
            {
                RedisServer.Ask(settings);
                return new(subject, DoctorState.Fine, "a Redis has it that takes the password");
            }
        }
        catch (SocketException)
        {
            return new(subject, DoctorState.Fine, "free, for 'docker compose up -d' to use");
        }
        catch (RedisConnectionException e)
        {
            return new(subject, DoctorState.Optional, $"a Redis has it that cannot be used, and so 'docker compose up -d' cannot have it. {e.Message}");
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // It took the connection and did not answer as a Redis does.
        }

        return new(subject, DoctorState.Optional, "something that is not Redis has it, so 'docker compose up -d' cannot. Stop it, or set another REDIS_PORT in .env.");
    }

    /// <summary>The server that the scripts of this process use, which is found or started for it.</summary>
    internal static List<DoctorFinding> CheckRedis()
    {
        try
        {
            return CheckRedis(RedisServer.Use());
        }
        catch (Exception e) when (e is RedisConnectionException or InvalidOperationException)
        {
            return [new("Redis", DoctorState.Broken, e.Message)];
        }
    }

    internal static List<DoctorFinding> CheckRedis(RedisSettings settings)
    {
        using var connection = RedisClient.Connect(settings, allowAdmin: true);
        var database = connection.GetDatabase();
        return [.. Judge(settings, ReadInfo(database), MedianPing(database)), RightsCheck.Check(connection, settings.User)];
    }

    internal static List<DoctorFinding> Judge(RedisSettings settings, Dictionary<string, string> info, TimeSpan roundTrip)
    {
        var (kind, version) = KindOf(info);
        var text = string.Create(CultureInfo.InvariantCulture, $"{kind} {version} at {settings}, {roundTrip.TotalMilliseconds:0.0} ms a round trip");
        var protocol = Version.TryParse(info.GetValueOrDefault("redis_version"), out var parsed) ? parsed : OldestRedis;
        List<DoctorFinding> findings =
        [
            protocol >= OldestRedis
                ? new("Redis", DoctorState.Fine, text)
                : new("Redis", DoctorState.Broken, $"{text}. The library needs {OldestRedis} or later."),
        ];
        if (info.TryGetValue("maxmemory_policy", out var policy))
        {
            findings.Add(policy == "noeviction"
                ? new("maxmemory-policy", DoctorState.Fine, policy)
                : new("maxmemory-policy", DoctorState.Optional, $"{policy}: when its memory is full, this Redis deletes locks that are held. Set noeviction."));
        }

        return findings;
    }

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
