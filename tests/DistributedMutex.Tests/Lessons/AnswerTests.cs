using DistributedMutex.Notebooks;
using DistributedMutex.Tests.Processes;

namespace DistributedMutex.Tests.Lessons;

/// <summary>Each check lets right answers pass and finds what is wrong with the others, in a few seconds. In a process of its own, because the checks choose a server for theirs.</summary>
public sealed class AnswerTests
{
    /// <summary>"3.1" is the first exercise of lesson 3.</summary>
    public static TheoryData<string> Exercises =>
    [
        .. LessonFiles.Names.SelectMany((lesson, index) => LessonFiles.Read(lesson).CodeCells.Where(cell => cell.Has(Cell.Exercise)).Select((_, number) => $"{index + 1}.{number + 1}")),
    ];

    // The wrong ones come first, in the same process: what they leave behind must not make a right one fail.
    [Theory]
    [MemberData(nameof(Exercises))]
    public async Task Right_answers_pass_after_wrong_ones_were_told_what_is_wrong(string exercise)
    {
        using var run = ChildProcess.StartTestProcess(Path.GetTempPath(), ["answers", exercise]);
        Assert.True(await run.ExitAsync() == 0, run.Said);
        Assert.Contains(", 0 misjudged", run.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("0 right", run.Said, StringComparison.Ordinal);
    }
}
