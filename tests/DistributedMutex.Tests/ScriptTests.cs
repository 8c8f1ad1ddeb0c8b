using System.Text.RegularExpressions;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests;

[Collection(Alone.Name)]
public sealed partial class ScriptTests(Scripts scripts) : IClassFixture<Scripts>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<ScriptHost, string, string> Examples
    {
        get
        {
            var data = new TheoryData<ScriptHost, string, string>();
            foreach (var host in Enum.GetValues<ScriptHost>())
            {
                data.Add(host, "main.csx", "using lock/unlock");
                data.Add(host, "main_acquire.csx", "using acquire scope");
                data.Add(host, "main_scope.csx", "using connection scope");
            }

            return data;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task With_the_lock_five_threads_write_five_lines_in_order(ScriptHost host, string script, string api)
    {
        _folder.Write("shared_file.txt", "from an earlier run\n");
        using var run = scripts.Start(host, script, _folder.Path, []);
        Assert.True(await run.ExitAsync() == 0, run.Said);

        var said = run.Said.Split('\n');
        Assert.StartsWith("Redis: ", said[0], StringComparison.Ordinal);
        Assert.Equal($"=== Redis Mutex Example ({api}) ===", said[1]);
        foreach (var step in new[] { "Acquiring lock...", "✓ Lock acquired", "✓ Done", "✓ Lock released" })
        {
            Assert.Equal(Enumerable.Range(1, 5).Select(n => $"[Thread {n}] {step}"), said.Where(line => line.EndsWith("] " + step, StringComparison.Ordinal)).Order());
        }

        // Nobody says that it has the lock before the one before it has said that it gave it back.
        var turns = said.Select(line => line.Length > 11 ? line[11..] : "").Where(step => step is "✓ Lock acquired" or "✓ Lock released").ToList();
        Assert.Equal(Enumerable.Range(0, 10).Select(n => n % 2 == 0 ? "✓ Lock acquired" : "✓ Lock released"), turns);

        Assert.Contains("✓ All writes completed sequentially without race conditions", said);
        var lines = await File.ReadAllLinesAsync(_folder.File("shared_file.txt"));
        Assert.Equal([1, 2, 3, 4, 5], lines.Select(line => int.Parse(WrittenLine().Match(line).Groups["line"].Value, null)));
        Assert.Equal(["1", "2", "3", "4", "5"], lines.Select(line => WrittenLine().Match(line).Groups["thread"].Value).Order());
        Assert.Equal(lines, said.SkipWhile(line => line != "Contents of shared_file.txt:").Skip(2).Take(5));
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Without_the_lock_the_same_race_loses_writes_and_the_script_fails(ScriptHost host, string script, string api)
    {
        using var run = scripts.Start(host, script, _folder.Path, ["--no-lock"]);
        Assert.True(await run.ExitAsync() == 1, run.Said);
        Assert.DoesNotContain(api, run.Said, StringComparison.Ordinal);
        Assert.Contains("✗ Lost: ", run.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("✓ All writes", run.Said, StringComparison.Ordinal);
        Assert.True((await File.ReadAllLinesAsync(_folder.File("shared_file.txt"))).Length < 5);
    }

    [Theory]
    [InlineData("main_scope.csx")]
    [InlineData("service_rate.csx")]
    [InlineData("03-acquire-scope.csx")]
    public async Task An_argument_that_is_not_known_is_an_error_with_the_usage_and_help_prints_that(string script)
    {
        using var run = scripts.Start(ScriptHost.DotnetRun, script, _folder.Path, ["--nolock"]);
        Assert.Equal(2, await run.ExitAsync());
        Assert.StartsWith("✗ '--nolock' is not known.\nOptions, after a --:\n  --", run.Said, StringComparison.Ordinal);
        using var help = scripts.Start(ScriptHost.DotnetRun, script, _folder.Path, ["--help"]);
        Assert.Equal(0, await help.ExitAsync());
        Assert.StartsWith("Options, after a --:\n  --", help.Printed, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_was_built_anew_makes_dotnet_run_build_the_scripts_anew() =>
        Assert.True(
            File.GetLastWriteTimeUtc(Path.Combine(Clone.Root, "scripts/Directory.Build.props"))
            >= File.GetLastWriteTimeUtc(Path.Combine(Clone.Root, "lib/DistributedMutex.Workshop/bin/run-dotnet-build-first.csx")));

    [Theory]
    [InlineData(ScriptHost.DotnetRun)]
    [InlineData(ScriptHost.DotnetScript)]
    public async Task The_doctor_finds_that_the_kit_can_run(ScriptHost host)
    {
        _folder.Write(".env", "REDIS_PASSWORD=redis123\n");
        using var run = scripts.Start(host, "doctor.csx", _folder.Path, []);
        Assert.True(await run.ExitAsync() == 0, run.Said);
        Assert.Contains("\n✓ Redis: ", run.Said, StringComparison.Ordinal);
        Assert.Matches(@"\nThe kit can run\. First: .+\n\z", run.Said);
        Assert.DoesNotContain("redis123", run.Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("REDIS_HOST=localhost\nREDIS_PORT=abc\nREDIS_PASSWORD=secret\n", null, "REDIS_PORT is 'abc' in ")]
    [InlineData("REDIS_HOST=no-such-host.invalid\nREDIS_PASSWORD=secret\n", null, "Redis at no-such-host.invalid:6379 cannot be reached.")]
    [InlineData("REDIS_PASSWORD=secret\n", "1", "Redis at localhost:1 cannot be reached.")]
    public async Task A_server_that_is_named_and_cannot_be_used_is_a_clear_error(string file, string? port, string message)
    {
        _folder.Write(".env", file);
        using var run = scripts.Start(ScriptHost.DotnetRun, "main.csx", _folder.Path, [], ("REDIS_PORT", port));
        Assert.Equal(1, await run.ExitAsync());
        Assert.StartsWith($"✗ {message}", run.Said, StringComparison.Ordinal);
        Assert.Single(run.Said.TrimEnd().Split('\n'));
        Assert.DoesNotContain("secret", run.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lock_that_cannot_be_had_fails_the_script()
    {
        Assert.SkipWhen(ServerKind.FindRedis() is null, "redis-server is not on PATH");
        using var server = await PrivateServer.StartAsync(ServerKind.FindRedis()!, [], CancellationToken.None);
        using var holder = new RedisMutex(ServerFixture.SettingsOf(server), new MutexOptions { Lease = TimeSpan.FromMinutes(10) });
        Assert.True(holder.Lock("shared_file"));
        using var run = scripts.Start(
            ScriptHost.DotnetRun, "main_acquire.csx", _folder.Path, [], ("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", $"{server.Port}"));
        Assert.Equal(1, await run.ExitAsync());
        Assert.Contains("as the environment says", run.Said, StringComparison.Ordinal);
        Assert.Contains("✗ Could not acquire the lock 'shared_file' within 15", run.Said, StringComparison.Ordinal);
        Assert.Contains("✗ 5 of 5 threads failed", run.Said, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] Thread (?<thread>\d) wrote line (?<line>\d)$")]
    private static partial Regex WrittenLine();
}
