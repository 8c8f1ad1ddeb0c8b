using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;
using StackExchange.Redis;

namespace DistributedMutex.Tests;

/// <summary>Each test has a folder for temporary files of its own, and so pipes, and private servers, of its own.</summary>
public sealed class RedisServerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly int _freePort = PrivateServer.FindFreePort();

    public RedisServerTests() => _folder.Write(".env", $"REDIS_PORT={_freePort}\n");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Where_nothing_answers_scripts_share_a_private_server_that_ends_after_the_last_of_them()
    {
        Assert.SkipWhen(ServerKind.FindRedis() is null, "redis-server is not on PATH");
        _folder.Write(".env", $"REDIS_PORT={_freePort}\nREDIS_PASSWORD=redis123\n");
        using var first = Use();
        Assert.Equal(
            $"Redis: a private redis-server at 127.0.0.1:{await PortAsync(first)}, because localhost:{_freePort} does not answer.", await first.HearAsync("Redis:"));
        using var second = Use();
        Assert.Equal(
            $"Redis: the private redis-server at 127.0.0.1:{await PortAsync(first)} of this clone, already running, because localhost:{_freePort} does not answer.",
            await second.HearAsync("Redis:"));
        using var client = await ConnectAsync(await PortAsync(first));

        // The one that started it is killed; the other one still uses it.
        first.Kill();
        using var stillUsed = new CancellationTokenSource(ServerKeeper.Linger + TimeSpan.FromSeconds(3));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => EndAsync(client, stillUsed.Token));
        second.CloseInput();
        Assert.Equal(0, await second.ExitAsync());
        await EndAsync(client);
    }

    [Fact]
    public async Task A_private_server_does_not_outlive_a_script_that_is_killed()
    {
        Assert.SkipWhen(ServerKind.FindRedis() is null, "redis-server is not on PATH");
        using var script = Use();
        using var client = await ConnectAsync(await PortAsync(script));
        script.Kill();
        await EndAsync(client);
    }

    [Fact]
    public async Task Ctrl_C_ends_the_script_and_leaves_the_server_to_the_others_for_a_while()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are Unix'");
        Assert.SkipWhen(ServerKind.FindRedis() is null, "redis-server is not on PATH");
        using var script = Use();
        var port = await PortAsync(script);
        using var client = await ConnectAsync(port);
        using (var redis = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { { "127.0.0.1", port } }, AllowAdmin = true }))
        {
            // A terminal sends Ctrl-C to the processes of its session; the server is not one of them.
            var info = await redis.GetServer("127.0.0.1", port).InfoAsync("server");
            var process = info.SelectMany(group => group).Single(line => line.Key == "process_id").Value;
            Assert.NotEqual(SessionOf(Environment.ProcessId), SessionOf(int.Parse(process, CultureInfo.InvariantCulture)));
        }

        await script.InterruptAsync();
        Assert.NotEqual(0, await script.ExitAsync());
        using var another = Use();
        Assert.Equal(port, await PortAsync(another));
        another.CloseInput();
        await EndAsync(client);
    }

    [Theory]
    [InlineData("--requirepass", "not redis123")]
    [InlineData("--protected-mode", "no")]
    public async Task A_strangers_Redis_on_localhost_that_does_not_take_our_password_is_left_alone(string option, string value)
    {
        Assert.SkipWhen(ServerKind.FindRedis() is null, "redis-server is not on PATH");
        using var stranger = await PrivateServer.StartAsync(ServerKind.FindRedis()!, [option, value], CancellationToken.None);
        _folder.Write(".env", $"REDIS_HOST=localhost\nREDIS_PORT={stranger.Port}\nREDIS_PASSWORD=redis123\n");
        using var script = Use();
        var line = await script.HearAsync("Redis:");
        Assert.Equal($"Redis: a private redis-server at 127.0.0.1:{await PortAsync(script)}, because localhost:{stranger.Port} refuses the password.", line);
        Assert.NotEqual(stranger.Port, await PortAsync(script));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_that_takes_the_password_is_used(bool fromEnvironment)
    {
        Assert.SkipWhen(ServerKind.FindRedis() is null, "redis-server is not on PATH");
        using var server = await PrivateServer.StartAsync(ServerKind.FindRedis()!, ["--requirepass", "redis123"], CancellationToken.None);
        _folder.Write(".env", $"REDIS_HOST=localhost\nREDIS_PORT={(fromEnvironment ? _freePort : server.Port)}\nREDIS_PASSWORD=redis123\n");
        using var script = Use(("REDIS_PORT", fromEnvironment ? $"{server.Port}" : null));
        Assert.Matches(
            $@"^Redis: \d+\.\d+\.\d+ at localhost:{server.Port}, as {(fromEnvironment ? "the environment says" : @"\.env or the default says")}\.$",
            await script.HearAsync("Redis:"));
    }

    [Fact]
    public async Task A_server_that_the_environment_names_is_not_replaced_when_it_refuses_the_password()
    {
        Assert.SkipWhen(ServerKind.FindRedis() is null, "redis-server is not on PATH");
        using var server = await PrivateServer.StartAsync(ServerKind.FindRedis()!, ["--requirepass", "another"], CancellationToken.None);
        using var script = Use(("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", $"{server.Port}"), ("REDIS_PASSWORD", "secret"));
        Assert.NotEqual(0, await script.ExitAsync());
        Assert.Contains($"Redis at 127.0.0.1:{server.Port} refuses the password.", script.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", script.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_redis_server_on_PATH_Garnet_is_used()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a symbolic link");
        await RequireGarnetAsync();
        var dotnet = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "dotnet")).First(File.Exists);
        _folder.Write("bin/nothing", "");
        File.CreateSymbolicLink(_folder.File("bin/dotnet"), new FileInfo(dotnet).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? dotnet);

        using var script = Use(("PATH", _folder.File("bin")));
        var port = await PortAsync(script);
        Assert.Contains(
            $"Redis: a private Garnet {ServerKind.GarnetVersion} at 127.0.0.1:{port}, because localhost:{_freePort} does not answer and there is no redis-server on PATH.",
            script.Said,
            StringComparison.Ordinal);
        using (var mutex = new RedisMutex(new RedisSettings { Host = "127.0.0.1", Port = port }))
        {
            Assert.True(mutex.Lock("x"));
        }

        using var client = await ConnectAsync(port);
        script.Kill();
        await EndAsync(client);
    }

    private static async Task RequireGarnetAsync()
    {
        try
        {
            using var garnet = await PrivateServer.StartAsync(ServerKind.Garnet, [], CancellationToken.None);
        }
        catch (InvalidOperationException e)
        {
            Assert.SkipWhen(true, e.Message);
        }
    }

    private static async Task<int> PortAsync(ChildProcess script) =>
        int.Parse((await script.HearAsync("using ")).Split(':')[1], CultureInfo.InvariantCulture);

    private static async Task<TcpClient> ConnectAsync(int port)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        return client;
    }

    /// <summary>Completes when the server is gone, which closes the connection.</summary>
    private static async Task EndAsync(TcpClient client, CancellationToken cancellationToken = default)
    {
        try
        {
            Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1], cancellationToken).AsTask().WaitAsync(TimeSpan.FromMinutes(1), cancellationToken));
        }
        catch (IOException)
        {
            // Closed by a reset: gone as well.
        }
    }

    [DllImport("libc", EntryPoint = "getsid")]
    private static extern int SessionOf(int process);

    private ChildProcess Use(params (string Name, string? Value)[] environment) =>
        ChildProcess.StartTestProcess(_folder.Path, ["use-server"], [("TMPDIR", _folder.Path), .. environment]);
}
