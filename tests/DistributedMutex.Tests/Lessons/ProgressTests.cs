using DistributedMutex.Tests.Processes;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Lessons;

/// <summary>What is kept of a learner's tries.</summary>
[Quick]
public sealed class ProgressTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    // The file is there: without it, what this process knows from another test would count.
    public ProgressTests()
    {
        _folder.Write("progress.json", "{}");
        Environment.SetEnvironmentVariable(Progress.Variable, _folder.File("progress.json"));
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Progress.Variable, null);
        _folder.Dispose();
    }

    [Fact]
    public async Task The_answer_is_told_when_the_hint_has_not_helped_twice()
    {
        Assert.DoesNotContain("the answer", await FailAsync("a claim"), StringComparison.Ordinal);
        Assert.DoesNotContain("the answer", await FailAsync("a claim"), StringComparison.Ordinal);
        Assert.EndsWith("\nHint: the hint\nAnswer: the answer", await FailAsync("a claim"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_step_that_fails_begins_anew()
    {
        await FailAsync("a claim");
        await FailAsync("a claim");
        Assert.DoesNotContain("the answer", await FailAsync("another claim"), StringComparison.Ordinal);
        Assert.DoesNotContain("the answer", await FailAsync("a claim"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exercise_is_solved_until_its_check_fails_again_or_it_is_forgotten()
    {
        Assert.False(Progress.Of("1.1").Solved);
        await Check.RunAsync("1.1", () => Task.CompletedTask);
        Assert.True(Progress.Of("1.1").Solved);
        await FailAsync("a claim");
        Assert.False(Progress.Of("1.1").Solved);
        await Check.RunAsync("1.1", () => Task.CompletedTask);
        Progress.Reset("1.1");
        Assert.False(Progress.Of("1.1").Solved);
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_or_written_fails_no_check()
    {
        _folder.Write("progress.json", "not JSON");
        await Check.RunAsync("1.1", () => Task.CompletedTask);
        Assert.True(Progress.Of("1.1").Solved);
        Environment.SetEnvironmentVariable(Progress.Variable, _folder.File("no such folder/progress.json"));
        await Check.RunAsync("1.1", () => Task.CompletedTask);
        Assert.True(Progress.Of("1.1").Solved);
    }

    [Fact]
    public void Each_name_is_another() => Assert.NotEqual(Lesson.Name("report"), Lesson.Name("report"));

    private static async Task<string> FailAsync(string claim) => (await Assert.ThrowsAsync<CheckFailedException>(() =>
        Check.RunAsync("1.1", () =>
        {
            Check.That(false, claim, "something", "the hint", "the answer");
            return Task.CompletedTask;
        }))).Message;
}
