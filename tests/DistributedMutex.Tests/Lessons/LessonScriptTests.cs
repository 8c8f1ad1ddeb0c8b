using DistributedMutex.Tests.Processes;

namespace DistributedMutex.Tests.Lessons;

/// <summary>The lessons from a terminal, in both hosts of scripts.</summary>
public sealed class LessonScriptTests(Scripts scripts) : IClassFixture<Scripts>
{
    public static TheoryData<ScriptHost, string> Lessons
    {
        get
        {
            var data = new TheoryData<ScriptHost, string>();
            foreach (var host in Enum.GetValues<ScriptHost>())
            {
                foreach (var lesson in LessonFiles.Names)
                {
                    data.Add(host, lesson);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Lessons))]
    public async Task Runs_up_to_the_exercise_which_a_check_fails(ScriptHost host, string lesson)
    {
        using var run = scripts.Start(host, $"{lesson}.csx", LessonFiles.Folder, []);
        Assert.True(await run.ExitAsync() == 1, run.Said);
        Assert.StartsWith("Redis: ", run.Said, StringComparison.Ordinal);
        var wrong = Assert.Single(run.Said.Split('\n'), line => line.StartsWith("✗ ", StringComparison.Ordinal));
        Assert.True(wrong.StartsWith("✗ Not yet: ", StringComparison.Ordinal), run.Said);
        Assert.Contains("\nHint: ", run.Said, StringComparison.Ordinal);
    }
}
