using System.Text.Json.Nodes;
using DistributedMutex.Notebooks;
using DistributedMutex.Tests.Documentation;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Lessons;

/// <summary>Runs notebooks, each in a process of its own, and one after the other: a lesson and its twin would meet in Redis.</summary>
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
    public async Task In_Jupyter_a_learner_sees_nothing_in_red_but_what_is_meant_to_fail(string lesson)
    {
        await RequireJupyterAsync();
        Assert.Equal("", await RunAsync(LessonFiles.PathOf(lesson), "--jupyter"));
    }

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
            ("repeats-a-using", "#load \"part.csx\"\nusing System.Threading;", []),
            ("complains", "Console.Error.WriteLine(\"three\");", []),
            ("passes-by-accident", "x = 2;", ["raises-exception"]),
            ("turn", "int Answer() => 0;", ["exercise"]),
            ("check", "if (Answer() != 42) throw new Exception(\"Not yet: no.\\nHint: 42.\");", ["check", "raises-exception"]),
            ("check-with-stack", "if (Answer() != 42) throw new Exception(\"Not yet: no.\\nHint: 42.\\n   at Answer()\");", ["check", "raises-exception"]),
            ("check-by-accident", "if (Answer() != 42) throw new NotSupportedException();", ["check", "raises-exception"]));
        _folder.Write("part.csx", "global using System.Threading;");
        _folder.Write("solutions/lesson.csx", "int Answer() => 41;");

        Assert.Collection(
            FaultsIn(await RunAsync(_folder.File("lesson.ipynb"))),
            fault => Assert.Equal("fails: InvalidOperationException: one", fault),
            fault => Assert.StartsWith("does-not-compile: CommandFailed: (1,9): error CS0029: ", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("repeats-a-using: it prints in red: (2,7): hidden CS8933: ", fault, StringComparison.Ordinal),
            fault => Assert.Equal("complains: it prints in red: three", fault),
            fault => Assert.Equal("passes-by-accident: it is tagged raises-exception and did not fail", fault),
            fault => Assert.StartsWith("check-with-stack: a check failed with something else than its own exception: ", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("check-by-accident: a check failed with something else than its own exception: ", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("check with the solution: Exception: Not yet: ", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("check-with-stack with the solution: Exception: ", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("check-by-accident with the solution: NotSupportedException: ", fault, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_Jupyter_shows_in_red_is_found()
    {
        await RequireJupyterAsync();
        _folder.Write("part.csx", "global using System.Threading;");
        Write(
            "lesson",
            ("repeats-a-using", "#load \"part.csx\"\nusing System.Threading;", []),
            ("fails", "throw new InvalidOperationException(\"one\");", []),
            ("check", "throw new Exception(\"Not yet: no.\\nHint: 42.\");", ["check", "raises-exception"]));

        Assert.Collection(
            FaultsIn(await RunAsync(_folder.File("lesson.ipynb"), "--jupyter")),
            fault => Assert.StartsWith("repeats-a-using: it prints in red: (2,7): hidden CS8933: ", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("fails: Error: System.InvalidOperationException: one", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("check: a check failed with something else than its own exception: ", fault, StringComparison.Ordinal));
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
        Assert.Contains("<pre>42</pre>", (string?)outputs[1]!["data"]!["text/html"]![0], StringComparison.Ordinal);
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

    private static async Task RequireJupyterAsync()
    {
        var kernel = await KernelCheck.CheckAsync(KernelCheck.JupyterFolders());
        Assert.SkipUnless(kernel.State == DoctorState.Fine, kernel.Text);
        Assert.SkipWhen(DocumentedServer.Find("jupyter-nbconvert") is null, "jupyter-nbconvert is not on PATH");
    }

    // Without what each begins with.
    private static IEnumerable<string> FaultsIn(string said) =>
        said.TrimEnd().Split("✗ lesson, cell ", StringSplitOptions.RemoveEmptyEntries).Select(fault => fault.TrimEnd());

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
            ["metadata"] = NotebookMetadata.With(null),
            ["nbformat"] = 4,
            ["nbformat_minor"] = 5,
            ["cells"] = new JsonArray([.. cells.Select(cell => new JsonObject
            {
                ["cell_type"] = "code",
                ["id"] = cell.Id,
                ["metadata"] = new JsonObject { ["tags"] = new JsonArray([.. cell.Tags]) },
                ["source"] = cell.Code,
                ["outputs"] = new JsonArray(),
                ["execution_count"] = null,
            })]),
        }.ToJsonString());
        return _folder.File(name + ".ipynb");
    }
}
