using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DistributedMutex.Notebooks;

namespace DistributedMutex.Tests.Lessons;

/// <summary>What can be said of a lesson without running it.</summary>
[Quick]
public sealed partial class LessonFileTests
{
    private const string Rewrite = "Run 'dotnet run --project tests/DistributedMutex.Notebooks -- write notebooks/";

    public static TheoryData<string> Lessons => LessonFiles.All;

    [Fact]
    public void There_are_lessons() => Assert.NotEmpty(LessonFiles.Names);

    [Theory]
    [MemberData(nameof(Lessons))]
    public void Outputs_are_those_of_the_present_code(string lesson)
    {
        var notebook = LessonFiles.Read(lesson);
        Assert.True(Fingerprint.Of(notebook) == notebook.OutputsMadeBy, $"{lesson}: its outputs are older than its code. {Rewrite}{lesson}.ipynb'.");
        Assert.Contains(notebook.CodeCells, cell => cell.Outputs.Count > 0);
    }

    [Theory]
    [MemberData(nameof(Lessons))]
    public void A_notebook_has_the_metadata_that_every_host_reads_and_the_form_that_keeps_diffs_small(string lesson)
    {
        var text = File.ReadAllText(LessonFiles.PathOf(lesson));
        Assert.True(LessonFiles.Read(lesson).Tidied() == text, $"{lesson}: it is not in the form that the write command gives it. {Rewrite}{lesson}.ipynb'.");
        var json = JsonNode.Parse(text)!;
        Assert.Equal((4, 5), ((int)json["nbformat"]!, (int)json["nbformat_minor"]!));
        Assert.Equal(".net-csharp", (string?)json["metadata"]!["kernelspec"]!["name"]);
        Assert.Equal("polyglot-notebook", (string?)json["metadata"]!["language_info"]!["name"]);
        Assert.Equal("csharp", (string?)json["metadata"]!["polyglot_notebook"]!["kernelInfo"]!["defaultKernelName"]);
        Assert.Distinct(LessonFiles.Read(lesson).Cells.Select(cell => cell.Id));
        Assert.All(LessonFiles.Read(lesson).Cells, cell => Assert.Matches("^[a-zA-Z0-9_-]{1,64}$", cell.Id!));
    }

    [Theory]
    [MemberData(nameof(Lessons))]
    public void Nothing_of_the_machine_that_made_the_outputs_is_in_them(string lesson)
    {
        var texts = LessonFiles.Read(lesson).CodeCells.SelectMany(cell => cell.Outputs).Select(output => output!.ToJsonString()).ToList();
        Assert.All(texts, text => Assert.DoesNotMatch(MachinePath(), text));
        Assert.All(texts, text => Assert.DoesNotContain(Environment.MachineName, text, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [MemberData(nameof(Lessons))]
    public void A_lesson_starts_with_one_short_cell_and_ends_with_an_exercise_that_a_check_can_fail(string lesson)
    {
        var code = LessonFiles.Read(lesson).CodeCells.ToList();
        Assert.StartsWith("#load \"../scripts/setup.csx\"", code[0].Source, StringComparison.Ordinal);
        Assert.True(code[0].Source.Split('\n').Length < 10, $"{lesson}: the first cell is long");
        var turns = code.Where(cell => cell.Has(Cell.Exercise) || cell.Has(Cell.Check)).ToList();
        Assert.NotEmpty(turns);
        Assert.All(turns.Chunk(2), turn => Assert.True(turn is [var exercise, var check] && exercise.Has(Cell.Exercise) && check.Has(Cell.Check) && check.Has(Cell.RaisesException), $"{lesson}: an exercise has no check after it that fails"));
        Assert.True(File.Exists(LessonFiles.Read(lesson).SolutionPath), $"{lesson}: notebooks/solutions/{lesson}.csx is missing");
    }

    [Theory]
    [MemberData(nameof(Lessons))]
    public void The_script_of_a_lesson_has_the_same_exercise_and_the_same_checks(string lesson)
    {
        var script = Squeezed(File.ReadAllText(LessonFiles.ScriptOf(lesson)));
        var code = LessonFiles.Read(lesson).CodeCells.ToList();
        Assert.All(code.Where(cell => cell.Has(Cell.Exercise)), exercise => Assert.Contains($"// Your turn:\n{Squeezed(exercise.Source)}\n// Up to here.", script, StringComparison.Ordinal));
        Assert.All(code.Where(cell => cell.Has(Cell.Check)), check => Assert.Contains(Squeezed(check.Source), script, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Lessons))]
    public void A_lesson_is_in_the_list_of_lessons(string lesson) =>
        Assert.Contains($"({lesson}.ipynb)", File.ReadAllText(Path.Combine(LessonFiles.Folder, "README.md")), StringComparison.Ordinal);

    // Without indentation, which is another in a script.
    private static string Squeezed(string code) =>
        string.Join('\n', code.ReplaceLineEndings("\n").Split('\n').Select(line => line.Trim()).Where(line => line != ""));

    [GeneratedRegex(@"/(root|home|Users|private|workspaces|work)/|[A-Za-z]:\\\\|/tmp/[^ ]")]
    private static partial Regex MachinePath();
}
