using DistributedMutex.Workshop;

namespace DistributedMutex.Faults.Setups;

/// <summary>A server that can be killed, stopped, and started again where it was, with its data or without.</summary>
internal sealed class Node(ServerKind kind, int port, string folder, IReadOnlyList<string> arguments) : IDisposable
{
    private PrivateServer? _server;

    public int Port => port;

    public int? ProcessId => _server?.ProcessId;

    public static Node OfRedis(string folder, int port, params IEnumerable<string> moreArguments)
    {
        Directory.CreateDirectory(folder);
        return new Node(
            ServerKind.FindRedis() ?? throw new InvalidOperationException("redis-server is not on PATH."),
            port,
            folder,
            [
                // What it has answered it knows when it comes back, also after kill -9: the file is written before the answer.
                "--dir", folder, "--appendonly", "yes", "--auto-aof-rewrite-percentage", "0",
                // Copies go from memory to memory, at once.
                "--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0", "--repl-diskless-load", "swapdb",
                "--busy-reply-threshold", "100", "--enable-debug-command", "local",
                // Rights are taken from the workers, and not from who gives them back.
                "--user", Account.Name, "on", ">" + Account.Password, "~*", "&*", "+@all",
                .. moreArguments,
            ]);
    }

    public async Task StartAsync(bool withData = true)
    {
        if (!withData)
        {
            Directory.Delete(folder, recursive: true);
            Directory.CreateDirectory(folder);
        }

        _server = await PrivateServer.StartAsync(kind, port, arguments, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        _server?.Dispose();
        _server = null;
    }

    public async Task<object?> AskAsync(params string[] words)
    {
        using var connection = await Resp.ConnectAsync(port).ConfigureAwait(false);
        return await connection.AskAsync(words).ConfigureAwait(false);
    }

    /// <summary>Whether it takes writes of its own; false also if it does not answer.</summary>
    public async Task<bool> IsMasterAsync()
    {
        try
        {
            return await AskAsync("ROLE").ConfigureAwait(false) is object?[] and ["master", ..];
        }
        catch (Exception e) when (IsAway(e))
        {
            return false;
        }
    }

    /// <summary>Whether a server that was asked is not there, does not answer, or can't just now.</summary>
    public static bool IsAway(Exception e) => e is System.Net.Sockets.SocketException or IOException or TimeoutException or RespException;

    public void Dispose() => Kill();

    /// <summary>Whom the workers sign in as.</summary>
    internal static class Account
    {
        public const string Name = "worker";
        public const string Password = "faults";
    }
}
