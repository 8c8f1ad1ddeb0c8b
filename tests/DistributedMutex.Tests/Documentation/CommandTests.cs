using System.Text.RegularExpressions;
using DistributedMutex.Tests.Lessons;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;
using Markdig.Syntax;

namespace DistributedMutex.Tests.Documentation;

/// <summary>Every command of the README is run here, in a shell, or has a reason not to be. The Spanish one has the same.</summary>
[Collection(Alone.Name)]
public sealed partial class CommandTests(DocumentedServer server) : IClassFixture<DocumentedServer>
{
    /// <summary>Why a command is not run here.</summary>
    private static readonly Dictionary<string, string> NotRun = new()
    {
        ["dotnet test"] = "it is what runs this",
        ["dotnet build"] = "it has built this",
        ["dotnet pack lib/DistributedMutex"] = $"{nameof(PackageTests)} runs it",
        ["dotnet tool restore"] = "it fails where NuGet cannot bring dotnet-script",
        ["dotnet run scripts/doctor.csx"] = $"{nameof(ScriptTests)} runs it",
        ["dotnet run scripts/01-race.csx"] = $"{nameof(LessonScriptTests)} runs it",
        ["dotnet run scripts/learn.csx"] = $"{nameof(GuideTests)} runs it",
        ["dotnet run scripts/learn.csx -- watch"] = "it has no end",
        ["dotnet script scripts/main.csx"] = $"{nameof(ScriptTests)} runs every script with dotnet-script where that can be had",
        ["redis-cli MONITOR"] = "it has no end",
    };

    /// <summary>Commands that are there to fail.</summary>
    private static readonly string[] Failing = ["dotnet run scripts/main.csx -- --no-lock"];

    public static TheoryData<string> DotnetCommands => [.. CommandsThatStart("dotnet run ")];

    public static TheoryData<string> RedisCommands => [.. CommandsThatStart("redis-cli ")];

    [Fact]
    public void Every_command_is_run_or_has_a_reason_not_to_be()
    {
        var commands = FindCommands().Select(command => command.Text).ToList();
        string[] run = [.. CommandsThatStart("dotnet run "), .. CommandsThatStart("redis-cli "), .. CommandsThatStart("docker ")];
        Assert.All(commands, command => Assert.True(run.Contains(command) ^ NotRun.ContainsKey(command), $"nobody runs '{command}'"));
        Assert.All(NotRun.Keys.Concat(Failing), command => Assert.Contains(command, commands));
    }

    [Theory]
    [MemberData(nameof(DotnetCommands))]
    public async Task A_script_does_what_the_README_says(string command)
    {
        Assert.SkipWhen(DocumentedServer.Find("sh") is null, "there is no sh on PATH");
        await RunAsync(command, Failing.Contains(command) ? 1 : 0);
    }

    [Theory]
    [MemberData(nameof(RedisCommands))]
    public async Task A_redis_command_does_what_the_README_says(string command)
    {
        Assert.SkipWhen(DocumentedServer.Find("redis-cli") is null, "redis-cli is not on PATH");
        Assert.SkipUnless(server.IsRedis, "redis-server is not on PATH");

        // What the README supposes: the lock is held, and somebody waits for it.
        await using var holder = new RedisMutex();
        await using var held = await holder.AcquireAsync("shared_file");
        await using var waiter = new RedisMutex();
        var waiting = waiter.LockAsync("shared_file");
        await ServerFixture.UntilQueuedAsync(holder.Database, "shared_file", 1);

        var said = await RunAsync(command, 0);
        Assert.DoesNotMatch("^(?:ERR|NOAUTH|WRONG|\\(error\\))", said);
        Assert.NotEmpty(said.Trim());
        await waiter.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
    }

    /// <summary>The commands of the README, one a line, each with the output that it shows if it shows any.</summary>
    internal static IEnumerable<(string Text, string? Output)> FindCommands()
    {
        var blocks = new MarkdownPage("README.md").Document.Descendants<FencedCodeBlock>().Where(block => block.Info == "sh");
        foreach (var block in blocks)
        {
            var next = block.Parent!.SkipWhile(other => other != block).ElementAtOrDefault(1) as FencedCodeBlock;
            var lines = MarkdownPage.TextOf(block).Split('\n').Select(line => Comment().Replace(line, "").Trim()).Where(line => line.Length > 0).ToList();
            foreach (var line in lines)
            {
                // Output stands below the last command.
                yield return (line, line == lines[^1] && next?.Info == "text" ? MarkdownPage.TextOf(next) : null);
            }
        }
    }

    /// <summary>Whether a program has said what is shown: … stands for anything, alone on a line for any lines; a date for any date.</summary>
    internal static bool Matches(string said, string shown)
    {
        var lines = shown.Split('\n').Select(line => line == "…" ? "(?:.*\n)*?" : Regex.Escape(Date().Replace(line, "…")).Replace("…", ".*", StringComparison.Ordinal) + "\n");
        return Regex.IsMatch(said.TrimEnd('\n') + "\n", $@"\A{string.Concat(lines)}\z");
    }

    internal static IEnumerable<string> CommandsThatStart(string start) =>
        FindCommands().Select(command => command.Text).Where(command => command.StartsWith(start, StringComparison.Ordinal) && !NotRun.ContainsKey(command)).Distinct();

    private async Task<string> RunAsync(string command, int exitCode)
    {
        using var shell = ChildProcess.Start(Clone.Root, "sh", ["-c", command], server.Environment);
        Assert.True(await shell.ExitAsync() == exitCode, $"{command}\n{shell.Said}");
        foreach (var (_, output) in FindCommands().Where(found => found.Text == command && found.Output is not null))
        {
            Assert.True(Matches(shell.Said, output!), $"{command}\nsays\n{shell.Said}\nand not\n{output}");
        }

        return shell.Said;
    }

    [GeneratedRegex(@"(?:^|\s)#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")]
    private static partial Regex Date();
}
