using DistributedMutex.Notebooks;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Lessons;

/// <summary>The guide in the terminal, on a copy of two lessons.</summary>
public sealed class GuideTests : IDisposable
{
    private const string Exercise = "void AddSafely(RedisMutex mutex, string resource, CounterFile counter)";

    private readonly TemporaryFolder _folder = new();

    public GuideTests()
    {
        // Its own settings of the build come from the clone: so the script uses the library as it was built here.
        _folder.Write("Directory.Build.props", $"<Project><Import Project=\"{Clone.Root}/Directory.Build.props\" /></Project>");
        _folder.Write("Directory.Packages.props", $"<Project><Import Project=\"{Clone.Root}/Directory.Packages.props\" /></Project>");
        _folder.Write("scripts/Directory.Build.props", File.ReadAllText(Path.Combine(Clone.Root, "scripts/Directory.Build.props")));
        var lessons = LessonFiles.Names.Take(2).ToList();
        _folder.Write("notebooks/README.md", string.Join('\n', File.ReadAllLines(Path.Combine(LessonFiles.Folder, "README.md")).Where(line => line[..Math.Min(1, line.Length)] != "|" || lessons.Exists(line.Contains))));
        foreach (var lesson in lessons)
        {
            _folder.Write($"notebooks/{lesson}.ipynb", File.ReadAllText(LessonFiles.PathOf(lesson)));
            _folder.Write($"notebooks/solutions/{lesson}.csx", File.ReadAllText(LessonFiles.Read(lesson).SolutionPath));
            _folder.Write($"scripts/{lesson}.csx", File.ReadAllText(LessonFiles.ScriptOf(lesson)));
        }
    }

    private string Script => _folder.File("scripts/01-race.csx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_lists_the_lessons_and_says_what_is_next()
    {
        Assert.Equal(0, await RunAsync(out var first));
        Assert.Contains("  1. The race ", first(), StringComparison.Ordinal);
        Assert.Contains("Next is lesson 1, The race.", first(), StringComparison.Ordinal);
        _folder.Write("progress.json", """{ "1.1": { "Solved": true }, "1.2": { "Solved": true }, "1.3": { "Solved": true }, "2.1": { "Failed": "a claim", "Hint": "think", "Answer": "write" } }""");
        Assert.Equal(0, await RunAsync(out var then));
        Assert.Contains("✓ 1. The race ", then(), StringComparison.Ordinal);
        Assert.Contains("✗ 2. Lock and Unlock ", then(), StringComparison.Ordinal);
        Assert.Contains("Next is lesson 2, Lock and Unlock.", then(), StringComparison.Ordinal);

        await RunAsync(out var hint, "hint");
        Assert.Contains("Hint: think\n", hint(), StringComparison.Ordinal);
        Assert.DoesNotContain("write", hint(), StringComparison.Ordinal);
        await RunAsync(out var answer, "hint");
        Assert.Contains("Answer: write\n", answer(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "✗ 'wacth' is not known.\n", "wacth")]
    [InlineData(1, "✗ There is no lesson '3': they have the numbers 1 to 2.\n", "solution", "3")]
    [InlineData(0, "dotnet run scripts/learn.csx ", "--help")]
    [InlineData(0, "void WithLock(", "solution", "02")]
    public async Task Each_command_does_its_part(int code, string said, params string[] arguments)
    {
        Assert.Equal(code, await RunAsync(out var all, arguments));
        Assert.StartsWith(said, all(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reset_puts_the_exercises_back_and_forgets_what_was_solved()
    {
        var before = await File.ReadAllTextAsync(Script);
        Solve("counter.AddOne();");
        _folder.Write("progress.json", """{ "1.1": { "Solved": true } }""");
        Assert.Equal(0, await RunAsync(out _, "reset", "1"));
        Assert.Equal(before, await File.ReadAllTextAsync(Script));
        await RunAsync(out var list);
        Assert.Contains("  1. The race             0 of ", list(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_checks_when_the_file_is_saved_and_goes_on_when_it_is_solved()
    {
        using var watch = Start("watch");
        await watch.HearAsync("✗ Not yet: two processes made");
        await watch.HearAsync("Save it to have it checked again.");
        Solve("mutex.Lock(resource); counter.AddOne();");
        await watch.HearAsync("✗ Not yet: you never unlocked");
        Solve("this does not compile");
        await watch.HearAsync("error CS");
        var solution = await File.ReadAllTextAsync(_folder.File("notebooks/solutions/01-race.csx"));
        _folder.Write("scripts/01-race.csx", Solved(await File.ReadAllTextAsync(LessonFiles.ScriptOf("01-race")), solution));
        await watch.HearAsync("✓ Lesson 1 is solved.");
        await watch.HearAsync("=== Lesson 2: Lock and Unlock.");

        // Only the check: nothing of what the lesson shows.
        Assert.DoesNotContain("What goes wrong", watch.Said, StringComparison.Ordinal);
    }

    // All exercises at once, in the place of the first; those after it are left out.
    private static string Solved(string script, string solution)
    {
        var turns = LessonFiles.Read("01-race").CodeCells.Count(cell => cell.Has(Cell.Exercise));
        var parts = script.Split("    // Your turn:\n");
        Assert.Equal(turns + 1, parts.Length);
        return string.Concat(parts.Select((part, index) => index switch
        {
            0 => part,
            1 => $"    // Your turn:\n{solution}\n{part[part.IndexOf("    // Up to here.", StringComparison.Ordinal)..]}",
            _ => $"    // Your turn:\n{part[part.IndexOf("    // Up to here.", StringComparison.Ordinal)..]}",
        }));
    }

    private void Solve(string body)
    {
        var script = File.ReadAllText(LessonFiles.ScriptOf("01-race"));
        var begin = script.IndexOf(Exercise, StringComparison.Ordinal);
        var end = script.IndexOf("// Up to here.", begin, StringComparison.Ordinal);
        File.WriteAllText(Script, $"{script[..begin]}{Exercise} {{ {body} }}\n    {script[end..]}");
    }

    private Task<int> RunAsync(out Func<string> said, params string[] arguments)
    {
        var run = Start(arguments);
        said = () => run.Said;
        return run.ExitAsync();
    }

    private ChildProcess Start(params string[] arguments) =>
        ChildProcess.StartTestProcess(_folder.Path, ["guide", _folder.Path, .. arguments], (Progress.Variable, _folder.File("progress.json")));
}
