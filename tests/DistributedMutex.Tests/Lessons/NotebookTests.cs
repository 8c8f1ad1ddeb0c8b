using System.Text.Json.Nodes;
using DistributedMutex.Notebooks;
using DistributedMutex.Tests.Processes;

namespace DistributedMutex.Tests.Lessons;

/// <summary>Runs notebooks, each in a process of its own.</summary>
public sealed class NotebookTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Lessons => LessonFiles.All;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Lessons))]
    public async Task Every_cell_does_what_it_is_meant_to_and_the_solution_passes_the_checks_that_the_exercise_fails(string lesson) =>
        Assert.Equal("", await RunAsync(LessonFiles.PathOf(lesson)));

    [Theory]
    [MemberData(nameof(Lessons))]
    public async Task Every_cell_does_the_same_on_the_notebooks_real_kernel(string lesson) =>
        Assert.Equal("", await RunAsync(LessonFiles.PathOf(lesson), "--kernel"));

    [Fact]
    public async Task What_is_not_as_it_should_be_is_found()
    {
        Write(
            "lesson",
            ("declares", "var x = 1; void F() => Console.WriteLine(x);", []),
            ("calls", "F(); await Task.Yield(); x", []),
            ("fails", "throw new InvalidOperationException(\"one\");", []),
            ("meant", "throw new InvalidOperationException(\"two\");", ["raises-exception"]),
            ("does-not-compile", "int y = \"\";", []),
            ("passes-by-accident", "x = 2;", ["raises-exception"]),
            ("turn", "int Answer() => 0;", ["exercise"]),
            ("check", "class CheckFailedException : Exception; if (Answer() != 42) throw new CheckFailedException();", ["check", "raises-exception"]),
            ("check-by-accident", "if (Answer() != 42) throw new NotSupportedException();", ["check", "raises-exception"]));
        _folder.Write("solutions/lesson.csx", "int Answer() => 41;");

        var faults = (await RunAsync(_folder.File("lesson.ipynb"))).TrimEnd().Split('\n');
        Assert.Collection(
            faults,
            fault => Assert.Equal("✗ lesson, cell fails: InvalidOperationException: one", fault),
            fault => Assert.StartsWith("✗ lesson, cell does-not-compile: CompilationError: (1,9): error CS0029", fault, StringComparison.Ordinal),
            fault => Assert.Equal("✗ lesson, cell passes-by-accident: it is tagged raises-exception and did not fail", fault),
            fault => Assert.StartsWith("✗ lesson, cell check-by-accident: a check failed with something else than its own exception", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("✗ lesson, cell check with the solution: CheckFailedException", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("✗ lesson, cell check-by-accident with the solution: NotSupportedException", fault, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Outputs_are_written_and_are_stale_once_a_cell_or_a_file_that_it_loads_changes()
    {
        _folder.Write("notebooks/part.csx", "const int Part = 1;");
        var path = Write("notebooks/lesson", ("prints", "#load \"part.csx\"\nConsole.WriteLine($\"part {Part} of {Environment.CurrentDirectory}/x in 123.4 ms\");\n6 * 7", []));
        using (var writing = ChildProcess.StartNotebooks(_folder.Path, ["write", path]))
        {
            Assert.True(await writing.ExitAsync() == 0, writing.Said);
        }

        var outputs = Notebook.Read(path).Cells[0].Outputs;
        Assert.Equal("part 1 of notebooks/x in 100 ms\n", (string?)outputs[0]!["text"]![0]);
        Assert.Equal("42", (string?)outputs[1]!["data"]!["text/plain"]![0]);
        Assert.Equal(Notebook.Read(path).OutputsMadeBy, Fingerprint.Of(Notebook.Read(path)));

        _folder.Write("notebooks/part.csx", "const int Part = 2;");
        Assert.NotEqual(Notebook.Read(path).OutputsMadeBy, Fingerprint.Of(Notebook.Read(path)));
        _folder.Write("notebooks/part.csx", "const int Part = 1;");
        await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path)).Replace("6 * 7", "6 * 8", StringComparison.Ordinal));
        Assert.NotEqual(Notebook.Read(path).OutputsMadeBy, Fingerprint.Of(Notebook.Read(path)));
    }

    [Fact]
    public async Task Before_the_first_build_the_first_cell_says_to_build()
    {
        _folder.Write("scripts/setup.csx", await File.ReadAllTextAsync(LessonFiles.ScriptOf("setup")));
        _folder.Write("notebooks/solutions/lesson.csx", "");
        _folder.Write("notebooks/lesson.ipynb", await File.ReadAllTextAsync(LessonFiles.PathOf(LessonFiles.Names.First())));
        Assert.Contains(
            "bin/run-dotnet-build-first.csx' could not be opened", (await RunAsync(_folder.File("notebooks/lesson.ipynb"))).Split('\n')[0], StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(string notebook, params string[] more)
    {
        using var run = ChildProcess.StartNotebooks(Path.GetTempPath(), ["run", notebook, .. more]);
        var code = await run.ExitAsync();
        Assert.True((code == 0) == (run.Said == ""), $"{code}: {run.Said}");
        return run.Said;
    }

    private string Write(string name, params (string Id, string Code, string[] Tags)[] cells)
    {
        _folder.Write(name + ".ipynb", new JsonObject
        {
            ["metadata"] = new JsonObject(),
            ["cells"] = new JsonArray([.. cells.Select(cell => new JsonObject
            {
                ["cell_type"] = "code",
                ["id"] = cell.Id,
                ["metadata"] = new JsonObject { ["tags"] = new JsonArray([.. cell.Tags]) },
                ["source"] = cell.Code,
            })]),
        }.ToJsonString());
        return _folder.File(name + ".ipynb");
    }
}
