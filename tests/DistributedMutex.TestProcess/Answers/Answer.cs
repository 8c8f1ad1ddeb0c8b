using System.Diagnostics;
using System.Globalization;
using DistributedMutex.Workshop;

namespace DistributedMutex.TestProcess.Answers;

/// <summary>What a learner may write in an exercise: the check is to find it right, or wrong for the reason that is named.</summary>
/// <param name="Name">What it does.</param>
/// <param name="Seen">A part of what the check is to see; null: it is right.</param>
/// <param name="CheckAsync">Checks it.</param>
internal sealed record Answer(string Name, string? Seen, Func<Task> CheckAsync)
{
    // Nobody waits for longer, whatever they have written: one call that does not end, and what comes before it.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(12);

    public static Answer Right(string name, Func<Task> check) => new(name, null, check);

    public static Answer Wrong(string name, string seen, Func<Task> check) => new(name, seen, check);

    /// <summary>The answers to each exercise: "3.1" is the first of lesson 3.</summary>
    public static IReadOnlyDictionary<string, Func<IEnumerable<Answer>>> All { get; } = new Dictionary<string, Func<IEnumerable<Answer>>>
    {
        ["1.1"] = Lesson1.AddSafely,
        ["2.1"] = Lesson2.WithLock,
        ["2.2"] = Lesson2Skip.RunOrSkip,
        ["3.1"] = Lesson3.TryAdd,
        ["3.2"] = Lesson3Reserve.Reserve,
        ["4.1"] = Lesson4.RunJobs,
        ["5.1"] = Lesson5.AddReport,
        ["5.2"] = Lesson5.GetReport,
        ["6.1"] = Lesson6.TryLockAndUnlock,
        ["6.2"] = Lesson6.WorkInSteps,
        ["7.1"] = Lesson7.SaveSafely,
        ["7.2"] = Lesson7.SaveInRedis,
        ["8.1"] = Lesson8.LockInTurn,
        ["8.2"] = Lesson8.PatientOptions,
        ["9.1"] = Lesson9.PayOnce,
        ["9.2"] = Lesson9.Configure,
    };

    /// <summary>Checks all answers to an exercise, the wrong ones first, and prints a line for each; returns 1 if one was misjudged.</summary>
    public static async Task<int> RunAsync(IEnumerable<Answer> answers)
    {
        RedisServer.Use();
        var misjudged = 0;
        var (right, wrong) = (0, 0);
        foreach (var answer in answers.OrderBy(answer => answer.Seen is null))
        {
            (right, wrong) = answer.Seen is null ? (right + 1, wrong) : (right, wrong + 1);
            var output = Console.Out;
            Console.SetOut(TextWriter.Null);
            var started = Stopwatch.GetTimestamp();
            var fault = await JudgeAsync(answer);
            var took = Stopwatch.GetElapsedTime(started);
            Console.SetOut(output);
            fault ??= took > Longest ? "it took too long" : null;
            misjudged += fault is null ? 0 : 1;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(fault is null ? "✓" : "✗")} {took.TotalSeconds,5:0.0} s  {(answer.Seen is null ? "right" : "wrong")}: {answer.Name}{(fault is null ? "" : $": {fault}")}"));
        }

        Console.WriteLine($"{right} right, {wrong} wrong, {misjudged} misjudged");
        return misjudged == 0 ? 0 : 1;
    }

    private static async Task<string?> JudgeAsync(Answer answer)
    {
        try
        {
            await answer.CheckAsync();
            return answer.Seen is null ? null : "it passed";
        }
        catch (CheckFailedException e)
        {
            return answer.Seen is null || !e.Message.Contains(answer.Seen, StringComparison.Ordinal) ? e.Message
                : e.Hint == "" || e.Answer == "" ? "it is told nothing that helps"
                : null;
        }
        catch (Exception e)
        {
            return $"the check threw {e}";
        }
    }
}
