using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using DistributedMutex.Settings;
using StackExchange.Redis;

namespace DistributedMutex.Workshop;

/// <summary>
/// A Redis for scripts and notebooks, always: the one that the environment or .env names if it answers, otherwise a
/// private one on this machine (redis-server from PATH, or Garnet).
/// </summary>
public static class RedisServer
{
    private static readonly Lock Gate = new();
    private static RedisSettings? _inUse;

    // Held open for the life of the process: it is what keeps a private server alive.
    private static NamedPipeClientStream? _pipe;

    /// <summary>
    /// Finds or starts the server, prints one line that says which and why, and points REDIS_HOST, REDIS_PORT, REDIS_USER
    /// and REDIS_PASSWORD of this process at it, so that <c>new RedisMutex()</c> uses it. Later calls change nothing.
    /// </summary>
    /// <exception cref="FormatException">The environment or the .env file holds a value that cannot be read.</exception>
    /// <exception cref="RedisConnectionException">A server that the environment, or .env on another host, names cannot be used.</exception>
    /// <exception cref="InvalidOperationException">No private server could be started; the message says what to do.</exception>
    public static RedisSettings Use()
    {
        lock (Gate)
        {
            return _inUse ??= Find();
        }
    }

    private static RedisSettings Find()
    {
        var settings = RedisSettings.FromEnvironment();
        var named = SettingsReader.IsServerNamed;
        if (!named && IsThisMachine(settings.Host) && !Listens(settings))
        {
            return UsePrivate($"{settings} does not answer");
        }

        try
        {
            var version = Ask(settings);
            Console.WriteLine($"Redis: {version} at {settings}, {(named ? "as the environment says" : "as .env or the default says")}.");
            return settings;
        }
        catch (RedisConnectionException e) when (!named && IsThisMachine(settings.Host))
        {
            // "Redis at localhost:6379 refuses the password. Check …"
            return UsePrivate(e.Message["Redis at ".Length..].Split(". ")[0].TrimEnd('.'));
        }
    }

    /// <summary>The version of the server, which has taken the password.</summary>
    internal static Version Ask(RedisSettings settings)
    {
        using var client = new RedisClient(settings);
        if (settings.Password is not null)
        {
            try
            {
                // The client itself is content with a server that has no password: a stranger's, then. So is AUTH with a
                // user name, unless the user is known to need one.
                object[] credentials = settings.User is null ? [settings.Password] : [settings.User, settings.Password];
                client.Database.Execute("AUTH", credentials);
            }
            catch (RedisServerException e) when (e.Message.Contains("AUTH", StringComparison.Ordinal) || e.Message.Contains("password", StringComparison.OrdinalIgnoreCase) || e.Message.StartsWith("WRONGPASS", StringComparison.Ordinal))
            {
                throw new RedisConnectionException(
                    ConnectionFailureType.AuthenticationFailure, CommandFlags.None, $"Redis at {settings} refuses the password. Check REDIS_PASSWORD and REDIS_USER.", e, CommandStatus.Unknown);
            }
        }

        return client.Connection.GetServer(client.Connection.GetEndPoints()[0]).Version;
    }

    private static RedisSettings UsePrivate(string why)
    {
        // One script starts the server, the others that start at the same time wait for it.
        using var starting = new Mutex(false, @"Global\distributed-mutex-" + Clone.Id);
        try
        {
            starting.WaitOne();
        }
        catch (AbandonedMutexException)
        {
            // Whoever held it was killed; it is ours now.
        }

        try
        {
            var joined = ServerKeeper.TryJoin();
            var reused = joined is not null;
            joined ??= StartAndJoin();
            (_pipe, var kind, var port) = joined.Value;
            var settings = new RedisSettings { Host = IPAddress.Loopback.ToString(), Port = port };
            Console.WriteLine($"Redis: {(reused ? "the private" : "a private")} {kind} at {settings}{(reused ? " of this clone, already running" : "")}, because {why}{(kind == ServerKind.RedisServer ? "" : " and there is no redis-server on PATH")}.");
            Environment.SetEnvironmentVariable("REDIS_HOST", settings.Host);
            Environment.SetEnvironmentVariable("REDIS_PORT", $"{port}");
            Environment.SetEnvironmentVariable("REDIS_USER", "");
            Environment.SetEnvironmentVariable("REDIS_PASSWORD", "");
            Environment.SetEnvironmentVariable("REDIS_SSL", "");
            return settings;
        }
        finally
        {
            starting.ReleaseMutex();
        }
    }

    private static (NamedPipeClientStream Pipe, string Kind, int Port) StartAndJoin()
    {
        var kind = ServerKind.FindRedis() ?? ServerKind.Garnet;
        if (kind == ServerKind.Garnet && !ServerKind.IsGarnetDownloaded)
        {
            Console.WriteLine($"Redis: no redis-server on PATH, so {kind.Name} is downloaded now, once: about 116 MB.");
        }

        try
        {
            using (kind == ServerKind.Garnet ? Waiting.InTerminalFor($"Redis: {kind.Name} is started") : null)
            {
                ServerKeeper.Start(kind);
            }

            return ServerKeeper.TryJoin() ?? throw new InvalidOperationException("The server that was just started is gone.");
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidOperationException(
                $"No Redis can be had. Install redis-server, or run 'docker compose up -d', or set REDIS_HOST and REDIS_PORT. {kind.Name} said: {e.Message}", e);
        }
    }

    // 1.x of the client takes seconds to see that nobody is there; TCP says so at once.
    private static bool Listens(RedisSettings settings)
    {
        using var socket = new TcpClient();
        try
        {
            return socket.ConnectAsync(settings.Host, settings.Port).Wait(TimeSpan.FromSeconds(2));
        }
        catch (AggregateException e) when (e.InnerException is SocketException)
        {
            return false;
        }
    }

    internal static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
