namespace DistributedMutex.Workshop.Learning;

/// <summary>All lessons, one line each.</summary>
internal static class Lists
{
    public static void Print(IReadOnlyList<LessonScript> lessons)
    {
        foreach (var lesson in lessons)
        {
            var sign = lesson.IsSolved ? "✓" : lesson.Exercises.Any(exercise => Progress.Of(exercise).Failed is not null) ? "✗" : " ";
            Console.WriteLine($"{sign} {lesson.Number}. {lesson.Title,-20} {lesson.Solved} of {lesson.Exercises.Count} solved");
        }

        Console.WriteLine();
        PrintNext(lessons);
    }

    /// <summary>What to do now.</summary>
    public static void PrintNext(IReadOnlyList<LessonScript> lessons)
    {
        var next = Guide.AtHand(lessons);
        Console.WriteLine(next.IsSolved
            ? "All is solved. Take the lock home: README.md has the whole library on one page."
            : $"""
               Next is lesson {next.Number}, {next.Title}. See it: dotnet run {next.ShownPath}
               Then it is your turn, in {next.ShownPath}, line {next.Line}. To have it checked whenever you save it:
               dotnet run scripts/learn.csx -- watch
               """);
    }

    /// <summary>Checks all; 0 if all passed.</summary>
    public static async Task<int> VerifyAsync(IReadOnlyList<LessonScript> lessons, CancellationToken ending)
    {
        var failed = 0;
        foreach (var lesson in lessons)
        {
            Console.Write($"  {lesson.Number}. {lesson.Title}…");
            var passed = await lesson.CheckAsync(quietly: true, ending).ConfigureAwait(false);
            failed += passed ? 0 : 1;
            Console.WriteLine($"\r{(passed ? "✓" : "✗")} {lesson.Number}. {lesson.Title} ");
        }

        Console.WriteLine(failed == 0 ? "All is solved." : $"{failed} of {lessons.Count} lessons are not solved.");
        return failed == 0 ? 0 : 1;
    }
}
