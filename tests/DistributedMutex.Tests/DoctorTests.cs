using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests;

/// <summary>Each check, where what it looks for is there and where it is not.</summary>
[Collection(Alone.Name)]
public sealed class DoctorTests : IDisposable
{
    private static readonly string[] Names = [.. RedisSettings.Variables, "PATH", "DOCKER_HOST"];

    private readonly TemporaryFolder _folder = new();
    private readonly string _folderBefore = Directory.GetCurrentDirectory();
    private readonly Dictionary<string, string?> _before = Names.ToDictionary(name => name, Environment.GetEnvironmentVariable);

    public DoctorTests()
    {
        RedisSettings.Variables.ToList().ForEach(name => Environment.SetEnvironmentVariable(name, null));
        Directory.SetCurrentDirectory(_folder.Path);
    }

    public void Dispose()
    {
        Directory.SetCurrentDirectory(_folderBefore);
        foreach (var (name, value) in _before)
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task The_SDK_is_named_with_whether_global_json_accepts_it()
    {
        var accepted = (await SdkCheck.CheckAsync(Clone.Root)).ToString();
        Assert.Matches(@"^✓ \.NET SDK: \d+\.\d+\.\d+\S*, which global\.json accepts$", accepted);

        _folder.Write("global.json", """{ "sdk": { "version": "99.0.100", "rollForward": "disable" } }""");
        var version = accepted.Split(' ', ',')[3];
        var refused = (await SdkCheck.CheckAsync(_folder.Path)).ToString();
        Assert.Matches($@"^✗ \.NET SDK: found .*{Regex.Escape(version)}.*, which global\.json does not accept\. Install ", refused);
    }

    [Fact]
    public async Task Our_global_json_accepts_an_SDK_of_a_later_major_version()
    {
        // No SDK of this version exists, so nothing but a later major version can take its place.
        _folder.Write("global.json", File.ReadAllText(Path.Combine(Clone.Root, "global.json")).Replace("10.0.100", "9.9.100", StringComparison.Ordinal));
        Assert.Equal(DoctorState.Fine, (await SdkCheck.CheckAsync(_folder.Path)).State);
    }

    [Fact]
    public void The_env_file_is_named_with_the_variables_that_win_over_it()
    {
        _folder.Write(".env", "REDIS_PASSWORD=secret\n");
        Environment.SetEnvironmentVariable("REDIS_PORT", "7001");
        var (finding, settings) = EnvFileCheck.Check();
        Is(DoctorState.Fine, $"✓ .env: {Path.Combine(Directory.GetCurrentDirectory(), ".env")}, and REDIS_PORT of the environment, which wins over it", finding);
        Assert.Equal(7001, settings!.Port);
    }

    [Fact]
    public void No_env_file_is_no_fault_and_one_that_cannot_be_read_is()
    {
        Is(DoctorState.Optional, "✗ .env (optional): there is none in this folder or above it, so localhost:6379 is looked for.", EnvFileCheck.Check().Finding);

        _folder.Write(".env", "REDIS_PASSWORD=secret\nREDIS_PORT=abc\n");
        var (finding, settings) = EnvFileCheck.Check();
        Is(DoctorState.Broken, "✗ .env: REDIS_PORT is 'abc' in ", finding);
        Assert.Null(settings);
    }

    [Fact]
    public async Task A_port_is_free_or_a_Redis_has_it_that_takes_the_password()
    {
        Assert.SkipWhen(ServerKind.FindRedis() is null, "redis-server is not on PATH");
        RedisSettings settings;
        using (var server = await PrivateServer.StartAsync(ServerKind.FindRedis()!, ["--requirepass", "right-one"], CancellationToken.None))
        {
            settings = new RedisSettings { Port = server.Port, Password = "right-one" };
            Is(DoctorState.Fine, $"✓ Port {server.Port}: a Redis has it that takes the password", await PortCheck.CheckAsync(settings));
            Is(DoctorState.Optional, $"✗ Port {server.Port} (optional): a Redis has it that cannot be used, ", await PortCheck.CheckAsync(settings with { Password = "secret" }));
        }

        Is(DoctorState.Fine, $"✓ Port {settings.Port}: free, ", await PortCheck.CheckAsync(settings));
        Is(DoctorState.Fine, "✓ Port 6379: on redis, not on this machine", await PortCheck.CheckAsync(new RedisSettings { Host = "redis" }));
    }

    [Fact]
    public async Task A_port_that_something_else_has_is_told()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var checking = PortCheck.CheckAsync(new RedisSettings { Host = "127.0.0.1", Port = port });
        using var asker = await listener.AcceptTcpClientAsync();
        await asker.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
        Is(DoctorState.Optional, $"✗ Port {port} (optional): something that is not Redis has it, ", await checking);
    }

    [Theory]
    [InlineData("noeviction", "✓ maxmemory-policy: noeviction")]
    [InlineData("allkeys-lru", "✗ maxmemory-policy (optional): allkeys-lru: when its memory is full, this Redis deletes locks that are held.")]
    public async Task Redis_is_named_and_timed_and_a_policy_that_deletes_locks_is_told(string policy, string line)
    {
        Assert.SkipWhen(ServerKind.FindRedis() is null, "redis-server is not on PATH");
        using var server = await PrivateServer.StartAsync(ServerKind.FindRedis()!, ["--maxmemory-policy", policy, "--requirepass", "secret"], CancellationToken.None);
        var findings = RedisCheck.Check(ServerFixture.SettingsOf(server) with { Password = "secret" });
        Assert.Matches($@"^✓ Redis: redis-server \d+\.\d+\.\d+ at 127\.0\.0\.1:{server.Port}, \d+\.\d ms a round trip$", findings[0].ToString());
        Is(policy == "noeviction" ? DoctorState.Fine : DoctorState.Optional, line, findings[1]);
    }

    [Fact]
    public void A_Redis_that_is_too_old_cannot_be_used()
    {
        var old = new Dictionary<string, string> { ["redis_version"] = "6.0.16" };
        var findings = RedisCheck.Judge(new RedisSettings(), old, TimeSpan.FromMilliseconds(0.25));
        Is(DoctorState.Broken, "✗ Redis: redis-server 6.0.16 at localhost:6379, 0.3 ms a round trip. The library needs 6.2 or later.", Assert.Single(findings));
    }

    [Theory]
    [InlineData("2.1.1", DoctorState.Broken, ". The library needs Garnet 2.1.2 or later.")]
    [InlineData("2.1.2", DoctorState.Fine, "")]
    [InlineData("3.0.0", DoctorState.Fine, "")]
    public void A_Garnet_that_is_older_than_those_that_pass_cannot_be_used(string version, object state, string said)
    {
        var info = new Dictionary<string, string> { ["garnet_version"] = version, ["redis_version"] = "7.4.3" };
        var finding = Assert.Single(RedisCheck.Judge(new RedisSettings(), info, TimeSpan.FromMilliseconds(0.25)));
        Assert.Equal(state, finding.State);
        Assert.EndsWith($" Redis: Garnet {version} at localhost:6379, 0.3 ms a round trip{said}", finding.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("README.es.md")]
    public void The_table_of_servers_names_the_Garnets_that_were_tried(string page)
    {
        var rows = File.ReadAllLines(Path.Combine(Clone.Root, page)).Where(line => line.StartsWith("| Garnet", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, rows.Count);
        Assert.All(rows, row => Assert.Contains($" {ServerKind.OldestGarnet} ", row, StringComparison.Ordinal));
        Assert.Contains($" {ServerKind.GarnetVersion};", rows[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CODESPACES", null, "/workspaces/x", Place.Codespace)]
    [InlineData("REMOTE_CONTAINERS", null, "/elsewhere", Place.DevContainer)]
    [InlineData("DOTNET_RUNNING_IN_CONTAINER", null, "/workspaces/x", Place.DevContainer)]
    [InlineData("DOTNET_RUNNING_IN_CONTAINER", null, "/src", Place.Container)]
    [InlineData(null, "/.dockerenv", "/src", Place.Container)]
    [InlineData(null, "/run/.containerenv", "/src", Place.Container)]
    [InlineData(null, null, "/workspaces/x", Place.Machine)]
    public void It_knows_where_it_runs(string? variable, string? file, string clone, object place) =>
        Assert.Equal(place, PlaceCheck.Judge(name => name == variable ? "true" : null, path => path == file, clone));

    [Fact]
    public async Task In_a_container_nobody_speaks_of_Docker()
    {
        using var doctor = ChildProcess.StartTestProcess(_folder.Path, ["doctor"], ("DOTNET_RUNNING_IN_CONTAINER", "true"));
        Assert.True(await doctor.ExitAsync() == 0, doctor.Said);
        Assert.StartsWith("✓ Place: in a container, ", doctor.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("✗ Docker", doctor.Said, StringComparison.Ordinal);
        Assert.EndsWith("\nThe kit can run. First: 'dotnet run scripts/01-race.csx', or notebooks/01-race.ipynb in your editor.\n", doctor.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Docker_is_missing_or_its_engine_silent_or_both_are_there()
    {
        Environment.SetEnvironmentVariable("PATH", _folder.Path);
        Is(DoctorState.Optional, "✗ Docker (optional): not on PATH. ", await DockerCheck.CheckAsync());

        Environment.SetEnvironmentVariable("PATH", _before["PATH"]);
        Environment.SetEnvironmentVariable("DOCKER_HOST", "tcp://127.0.0.1:1");
        var silent = await DockerCheck.CheckAsync();
        Assert.SkipWhen(silent.Text.StartsWith("not on PATH", StringComparison.Ordinal), silent.Text);
        Is(DoctorState.Optional, "✗ Docker (optional): installed, but its engine does not answer; start it. ", silent);

        Environment.SetEnvironmentVariable("DOCKER_HOST", _before["DOCKER_HOST"]);
        var answering = await DockerCheck.CheckAsync();
        Assert.SkipWhen(answering.State != DoctorState.Fine, answering.Text);
        Assert.Matches(@"^✓ Docker: engine \d+\.\S+, Compose v?\d+\.\S+$", answering.ToString());
    }

    [Fact]
    public async Task The_tool_dotnet_script_is_on_PATH_or_it_is_missing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs an executable file of text");
        Environment.SetEnvironmentVariable("PATH", $"{_folder.Path}{Path.PathSeparator}/usr/bin{Path.PathSeparator}/bin");
        Is(DoctorState.Optional, "✗ dotnet-script (optional): not here. Run 'dotnet tool restore', ", await DotnetScriptCheck.CheckAsync(_folder.Path));

        WriteProgram("dotnet-script", "2.0.0");
        Is(DoctorState.Fine, "✓ dotnet-script: 2.0.0 on PATH, as in 'dotnet script scripts/main.csx'", await DotnetScriptCheck.CheckAsync(_folder.Path));

        // The tools of the clone come before PATH, and are not restored: "dotnet script" fails, and the program itself does not.
        _folder.Write(".config/dotnet-tools.json", File.ReadAllText(Path.Combine(Clone.Root, ".config", "dotnet-tools.json")).Replace("2.0.0", "0.0.1", StringComparison.Ordinal));
        using var masked = ChildProcess.Start(_folder.Path, ServerKind.DotnetPath, ["script", "--version"]);
        Assert.NotEqual(0, await masked.ExitAsync());
        Is(DoctorState.Fine, "✓ dotnet-script: 2.0.0 on PATH, as in 'dotnet-script scripts/main.csx'; 'dotnet script' would be", await DotnetScriptCheck.CheckAsync(_folder.Path));
    }

    [Fact]
    public async Task The_kernel_is_in_a_folder_of_Jupyter_and_can_be_started_or_not()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs an executable file of text");
        Environment.SetEnvironmentVariable("PATH", _folder.Path);
        Is(DoctorState.Optional, "✗ .NET kernel (optional): Jupyter has none.", await KernelCheck.CheckAsync([_folder.Path]));

        _folder.Write("kernels/.net-csharp/kernel.json", "{}");
        string[] folders = [_folder.File("nowhere"), _folder.Path];
        Is(DoctorState.Optional, $"✗ .NET kernel (optional): {_folder.File("kernels/.net-csharp")} is there, but it cannot start: ", await KernelCheck.CheckAsync(folders));

        WriteProgram("dotnet-interactive", "1.0.712001+df4e5cb");
        Is(DoctorState.Fine, $"✓ .NET kernel: 1.0.712001, {_folder.File("kernels/.net-csharp")}", await KernelCheck.CheckAsync(folders));
    }

    [Theory]
    [InlineData(".ci/run")]
    [InlineData(".devcontainer/prepare.sh")]
    [InlineData("README.md")]
    [InlineData("README.es.md")]
    [InlineData("notebooks/README.md")]
    [InlineData("Directory.Packages.props")]
    public void Whatever_names_the_tool_of_the_kernel_names_the_version_that_was_tried(string file)
    {
        var names = Regex.Matches(File.ReadAllText(Path.Combine(Clone.Root, file)), @"Microsoft\.dotnet-interactive[^`""|&\n]*");
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Contains(KernelCheck.Version, name.Value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_is_named_and_refuses_the_password_means_that_the_kit_cannot_run()
    {
        Assert.SkipWhen(ServerKind.FindRedis() is null, "redis-server is not on PATH");
        using var server = await PrivateServer.StartAsync(ServerKind.FindRedis()!, ["--requirepass", "right-one"], CancellationToken.None);
        _folder.Write(".env", "REDIS_PASSWORD=secret\n");
        using var doctor = ChildProcess.StartTestProcess(_folder.Path, ["doctor"], ("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", $"{server.Port}"));
        Assert.True(await doctor.ExitAsync() == 1, doctor.Said);
        Assert.Contains($"\n✗ Redis: Redis at 127.0.0.1:{server.Port} refuses the password.", doctor.Said, StringComparison.Ordinal);
        Assert.EndsWith($"\nThe kit cannot run: see Redis.\nFirst: Redis at 127.0.0.1:{server.Port} refuses the password. Check REDIS_PASSWORD and REDIS_USER. It says \"WRONGPASS invalid username-password pair or user is disabled\".\n", doctor.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", doctor.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_env_file_that_cannot_be_read_means_that_the_kit_cannot_run()
    {
        _folder.Write(".env", "REDIS_PASSWORD=secret\nthis is no line of a .env file\n");
        using var doctor = ChildProcess.StartTestProcess(_folder.Path, ["doctor"]);
        Assert.True(await doctor.ExitAsync() == 1, doctor.Said);
        Assert.Contains("\nThe kit cannot run: see .env.\nFirst: ", doctor.Said, StringComparison.Ordinal);
        Assert.EndsWith(".env cannot be read: line 2 must be NAME=value or start with #.\n", doctor.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", doctor.Said, StringComparison.Ordinal);
    }

    // A program that says one line, whatever it is asked.
    private void WriteProgram(string name, string line)
    {
        _folder.Write(name, $"#!/bin/sh\necho {line}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_folder.File(name), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }

    private static void Is(DoctorState state, string line, DoctorFinding finding)
    {
        Assert.Equal(state, finding.State);
        Assert.StartsWith(line, finding.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", finding.ToString(), StringComparison.Ordinal);
    }
}

[Collection(OnGarnet.Name)]
public sealed class DoctorOnGarnetTests(GarnetFixture server)
{
    [Fact]
    public void Garnet_is_known_by_its_own_name_and_version() =>
        Assert.StartsWith($"✓ Redis: Garnet {ServerKind.GarnetVersion} at ", RedisCheck.Check(server.Settings)[0].ToString(), StringComparison.Ordinal);
}
