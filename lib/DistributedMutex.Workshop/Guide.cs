using System.Text;
using DistributedMutex.Workshop.Learning;

namespace DistributedMutex.Workshop;

/// <summary>The guide through the lessons in a terminal: <c>scripts/learn.csx</c>.</summary>
public static class Guide
{
    private const string Usage = """
        dotnet run scripts/learn.csx                    list the lessons: ✓ solved, ✗ tried, and what is next
        dotnet run scripts/learn.csx -- watch           check the lesson at hand whenever its file is saved; watch NN: that one
        dotnet run scripts/learn.csx -- hint            what to think about; once more: what to write; hint NN: of that one
        dotnet run scripts/learn.csx -- solution NN     an answer
        dotnet run scripts/learn.csx -- reset NN        the exercises as they were
        dotnet run scripts/learn.csx -- verify          check all lessons
        """;

    /// <summary>Does what the command line asks for; the exit code is 0, or 1 if something is not solved or went wrong, or 2 for a command that is not known.</summary>
    public static async Task<int> RunAsync()
    {
        if (OperatingSystem.IsWindows() && !Console.IsOutputRedirected)
        {
            Console.OutputEncoding = Encoding.UTF8;
        }

        using var ending = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            ending.Cancel();
        };
        return await RunAsync(ScriptArguments.Given, Clone.Root, ending.Token).ConfigureAwait(false);
    }

    internal static async Task<int> RunAsync(IReadOnlyList<string> arguments, string root, CancellationToken ending)
    {
        try
        {
            var lessons = LessonScript.All(root);
            switch (arguments)
            {
                case [] or ["list"]:
                    Lists.Print(lessons);
                    return 0;

                case ["watch"]:
                    return await Watch.RunAsync(lessons, AtHand(lessons), ending).ConfigureAwait(false);

                case ["watch", var number]:
                    return await Watch.RunAsync(lessons, Find(lessons, number), ending).ConfigureAwait(false);

                case ["hint"]:
                    return await Hints.PrintAsync(AtHand(lessons), ending).ConfigureAwait(false);

                case ["hint", var number]:
                    return await Hints.PrintAsync(Find(lessons, number), ending).ConfigureAwait(false);

                case ["solution", var number]:
                    Console.WriteLine(Find(lessons, number).Solution);
                    return 0;

                case ["reset", var number]:
                    var lesson = Find(lessons, number);
                    lesson.Reset();
                    Console.WriteLine($"{lesson.ShownPath} is as it was.");
                    return 0;

                case ["verify"]:
                    return await Lists.VerifyAsync(lessons, ending).ConfigureAwait(false);

                case ["--help" or "help"]:
                    Console.WriteLine(Usage);
                    return 0;

                default:
                    await Console.Error.WriteLineAsync($"✗ '{string.Join(' ', arguments)}' is not known.\n{Usage}").ConfigureAwait(false);
                    return 2;
            }
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or FormatException or StackExchange.Redis.RedisConnectionException)
        {
            Console.WriteLine($"✗ {e.Message}");
            return 1;
        }
    }

    /// <summary>The first that is not solved; the last, if all are.</summary>
    internal static LessonScript AtHand(IReadOnlyList<LessonScript> lessons) => lessons.FirstOrDefault(lesson => !lesson.IsSolved) ?? lessons[^1];

    private static LessonScript Find(IReadOnlyList<LessonScript> lessons, string number) =>
        lessons.FirstOrDefault(lesson => int.TryParse(number, out var wanted) && lesson.Number == wanted)
        ?? throw new InvalidOperationException($"There is no lesson '{number}': they have the numbers 1 to {lessons.Count}.");
}
