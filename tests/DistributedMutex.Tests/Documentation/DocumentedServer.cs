using System.Globalization;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Documentation;

/// <summary>The server of the READMEs' examples, with a password; the REDIS_ variables of this process name it meanwhile.</summary>
public sealed class DocumentedServer : IAsyncLifetime
{
    public const string Password = "redis123";

    private static readonly string[] Variables = ["REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD"];

    private readonly TemporaryFolder _commands = new();
    private PrivateServer? _server;
    private string _missing = "";

    /// <summary>Fails the test as skipped if the machine has none.</summary>
    public RedisSettings Settings
    {
        get
        {
            Assert.SkipWhen(_server is null, _missing);
            return new() { Host = "127.0.0.1", Port = _server.Port, Password = Password };
        }
    }

    public bool IsRedis => _server?.Kind.Name == ServerKind.RedisServer;

    /// <summary>What a command needs to find this server where a reader's is at localhost:6379.</summary>
    internal (string Name, string? Value)[] Environment =>
    [
        .. Variables.Zip([Settings.Host, Settings.Port.ToString(CultureInfo.InvariantCulture), Password], (name, value) => (name, (string?)value)),
        ("REDISCLI_AUTH", Password),
        ("PATH", _commands.Path + Path.PathSeparator + System.Environment.GetEnvironmentVariable("PATH")),
    ];

    public async ValueTask InitializeAsync()
    {
        var kind = ServerKind.FindRedis();
        try
        {
            _server = await PrivateServer.StartAsync(
                kind ?? ServerKind.Garnet,
                kind is null ? ["--auth", "Password", "--password", Password] : ["--requirepass", Password],
                CancellationToken.None);
        }
        catch (InvalidOperationException e)
        {
            _missing = e.Message;
            return;
        }

        foreach (var (name, value) in Environment.Where(variable => Variables.Contains(variable.Name)))
        {
            System.Environment.SetEnvironmentVariable(name, value);
        }

        // redis-cli takes a password from the environment, but not a port.
        if (!OperatingSystem.IsWindows() && Find("redis-cli") is { } redisCli)
        {
            _commands.Write("redis-cli", $"#!/bin/sh\nexec '{redisCli}' -p {_server.Port} \"$@\"\n");
            File.SetUnixFileMode(_commands.File("redis-cli"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }

    public ValueTask DisposeAsync()
    {
        foreach (var name in Variables)
        {
            System.Environment.SetEnvironmentVariable(name, null);
        }

        _server?.Dispose();
        _commands.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A program on PATH; null if there is none of that name, or no shell to run it as a reader would.</summary>
    internal static string? Find(string program) => OperatingSystem.IsWindows() ? null :
        (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
