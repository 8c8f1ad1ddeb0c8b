using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace DistributedMutex.Workshop;

/// <summary>
/// A private Redis server and its replica, which takes over when the first dies. Garnet replicates in clusters only: where
/// there is no redis-server, an empty server takes over, as a replica would that has copied nothing yet.
/// </summary>
public sealed class TwoServers : IDisposable
{
    // Only against hanging; Garnet may have to be downloaded.
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromSeconds(30);

    private readonly PrivateServer _first;
    private PrivateServer? _second;

    private TwoServers(PrivateServer first) => _first = first;

    /// <summary>The server that clients use at first.</summary>
    public RedisSettings First => SettingsOf(_first);

    /// <summary>The server that clients use after <see cref="FailOverAsync"/>.</summary>
    public RedisSettings Second => SettingsOf(_second ?? throw new InvalidOperationException("The first server is still there: call FailOverAsync first."));

    private bool Replicates => _first.Kind != ServerKind.Garnet;

    /// <summary>Starts the servers and says which. The replica has copied all that the first server knows.</summary>
    /// <exception cref="InvalidOperationException">A server could not be started; the message says why.</exception>
    public static async Task<TwoServers> StartAsync()
    {
        var kind = ServerKind.FindRedis() ?? ServerKind.Garnet;
        if (kind == ServerKind.Garnet && !ServerKind.IsGarnetDownloaded)
        {
            Console.WriteLine($"No redis-server on PATH, so {kind.Name} is downloaded now, once: about 116 MB.");
        }

        using var waiting = kind == ServerKind.Garnet ? Waiting.For($"{kind.Name} is started") : null;
        var servers = new TwoServers(await StartOneAsync(kind).ConfigureAwait(false));
        waiting?.Dispose();
        try
        {
            if (servers.Replicates)
            {
                servers._second = await StartOneAsync(kind).ConfigureAwait(false);
                await AskAsync(servers._second, $"REPLICAOF {servers.First.Host} {servers.First.Port}").ConfigureAwait(false);
                await servers.CopiedAsync().ConfigureAwait(false);
            }

            Console.WriteLine(servers.Replicates
                ? $"Two servers: {kind.Name} at {servers.First}, and a replica that copies it, at {servers.Second}."
                : $"One server: {kind.Name} at {servers.First}. Simulated: it has no replica, so an empty server will take over.");
            return servers;
        }
        catch
        {
            servers.Dispose();
            throw;
        }
    }

    /// <summary>Breaks the connection between the two: from here on the replica copies nothing.</summary>
    public async Task BreakLinkAsync()
    {
        if (Replicates)
        {
            await CopiedAsync().ConfigureAwait(false);

            // A primary that is not there. The replica keeps its data.
            await AskAsync(_second!, $"REPLICAOF {First.Host} 1").ConfigureAwait(false);
        }
    }

    /// <summary>Kills the first server, and makes the replica a server of its own.</summary>
    public async Task FailOverAsync()
    {
        _first.Dispose();
        if (_second is null)
        {
            using var waiting = Waiting.For("It is gone. An empty server is started");
            _second = await StartOneAsync(_first.Kind).ConfigureAwait(false);
        }

        if (Replicates)
        {
            await AskAsync(_second, "REPLICAOF NO ONE").ConfigureAwait(false);
        }
    }

    /// <summary>Ends both servers.</summary>
    public void Dispose()
    {
        _first.Dispose();
        _second?.Dispose();
    }

    private static RedisSettings SettingsOf(PrivateServer server) => new() { Host = IPAddress.Loopback.ToString(), Port = server.Port };

    // By default a primary waits for more replicas before it copies anything, and both may do it by way of a file.
    private static async Task<PrivateServer> StartOneAsync(ServerKind kind)
    {
        string[] arguments = kind == ServerKind.Garnet ? [] : ["--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0", "--repl-diskless-load", "swapdb"];
        using var end = new CancellationTokenSource(StartTimeout);
        return await PrivateServer.StartAsync(kind, arguments, end.Token).ConfigureAwait(false);
    }

    // WAIT counts the replicas that have what this connection has written.
    private async Task CopiedAsync()
    {
        var copied = await AskAsync(_first, $"SET workshop:copied yes\r\nWAIT 1 {ReplyTimeout.TotalMilliseconds.ToString(CultureInfo.InvariantCulture)}", replies: 2).ConfigureAwait(false);
        if (copied != ":1")
        {
            throw new InvalidOperationException($"The replica has not copied the first server within {ReplyTimeout.TotalSeconds} s: {copied}");
        }
    }

    // Plain text: a client library sees a replica with eyes of its own.
    private static async Task<string?> AskAsync(PrivateServer server, string commands, int replies = 1)
    {
        using var end = new CancellationTokenSource(ReplyTimeout * 2);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Port, end.Token).ConfigureAwait(false);
        using var reader = new StreamReader(client.GetStream());
        await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(commands + "\r\n"), end.Token).ConfigureAwait(false);
        string? reply = null;
        for (var i = 0; i < replies; i++)
        {
            reply = await reader.ReadLineAsync(end.Token).ConfigureAwait(false);
            if (reply is null or ['-', ..])
            {
                throw new InvalidOperationException($"The server said to '{commands}': {reply}");
            }
        }

        return reply;
    }
}
