using System.Text.RegularExpressions;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests;

[Collection(Alone.Name)]
public sealed partial class ServiceScriptTests(Scripts scripts) : IClassFixture<Scripts>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<ScriptHost, string, string> Examples
    {
        get
        {
            var data = new TheoryData<ScriptHost, string, string>();
            foreach (var host in Enum.GetValues<ScriptHost>())
            {
                data.Add(host, "service_jobs.csx", "✓ All 12 jobs were done, each of them once");
                data.Add(host, "service_rate.csx", "✓ No user had two operations within a second");
                data.Add(host, "service_tenant.csx", "✓ Requests of one tenant waited for each other, and for nobody else's");
                data.Add(host, "several_keys.csx", "✓ Nobody saw another total than 300");
                data.Add(host, "read_write.csx", "✓ Nobody read half of a change");
                data.Add(host, "permits.csx", "✓ There were never more than 2 calls at a time");
                data.Add(host, "leader.csx", "✓ There was one leader at a time, and each had its turn");
            }

            return data;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task With_the_lock_the_check_holds(ScriptHost host, string script, string success)
    {
        using var run = scripts.Start(host, script, _folder.Path, []);
        Assert.True(await run.ExitAsync() == 0, run.Said);
        var said = run.Said.Split('\n');
        Assert.StartsWith("Redis: ", said[0], StringComparison.Ordinal);
        Assert.Contains(success, said);
        Assert.DoesNotContain('✗', run.Said);

        // Each worker is a process of its own, though it may find that the others have done all the work.
        var workers = said.Select(line => StartsAsProcess().Match(line).Groups[1].Value).Where(process => process.Length > 0).Distinct().Count();
        Assert.Equal(script == "service_tenant.csx" ? 1 : 3, workers);
    }

    [Theory]
    [InlineData("service_jobs.csx", @"^✗ Job \d+ was done [23] times$")]
    [InlineData("service_rate.csx", @"^✗ ana was served \d times within a second of the time before$")]
    [InlineData("service_tenant.csx", @"^✗ Request \d of acme did not wait for the one before$")]
    [InlineData("several_keys.csx", @"^✗ A total of -?\d+ was seen$")]
    [InlineData("read_write.csx", @"^✗ \d+ readers read half of a change$")]
    [InlineData("permits.csx", @"^✗ There were ([3-9]|1[012]) calls at a time, and 2 are allowed$")]
    [InlineData("leader.csx", @"^✗ There were [23] leaders at a time$")]
    public async Task Without_the_lock_the_check_fails(string script, string failure)
    {
        using var run = scripts.Start(ScriptHost.DotnetRun, script, _folder.Path, ["--no-lock"]);
        Assert.True(await run.ExitAsync() == 1, run.Said);
        Assert.Contains(run.Said.Split('\n'), line => Regex.IsMatch(line, failure));
        Assert.DoesNotContain('✓', run.Said);
    }

    [GeneratedRegex(@"^\[Worker \d\] starts, as process (\d+)$")]
    private static partial Regex StartsAsProcess();
}
