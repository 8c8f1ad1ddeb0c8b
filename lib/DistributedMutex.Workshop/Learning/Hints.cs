namespace DistributedMutex.Workshop.Learning;

/// <summary>What helps with the exercise at hand: first what to think about, then what to write.</summary>
internal static class Hints
{
    public static async Task<int> PrintAsync(LessonScript lesson, CancellationToken ending)
    {
        if (lesson.AtHand is not { } exercise)
        {
            Console.WriteLine($"Lesson {lesson.Number} is solved.");
            return 0;
        }

        if (Progress.Of(exercise).Failed is null)
        {
            // Nothing is known yet of what the learner has written.
            Console.WriteLine($"{lesson.ShownPath} is checked first…");
            if (await lesson.CheckAsync(quietly: false, ending).ConfigureAwait(false))
            {
                return 0;
            }

            exercise = lesson.AtHand ?? exercise;
            Progress.Tell(exercise);
            return 0;
        }

        var known = Progress.Tell(exercise);
        Console.WriteLine($"Lesson {lesson.Number}, exercise {exercise}, {lesson.ShownPath}, line {lesson.Line}.");
        Console.WriteLine($"It is to hold: {known.Failed}");
        Console.WriteLine($"Hint: {known.Hint}");
        Console.WriteLine(known.Told > 1 ? $"Answer: {known.Answer}" : "(Ask once more for the answer.)");
        return 0;
    }
}
