using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace DistributedMutex.Workshop;

/// <summary>A lesson as a script.</summary>
public static class Lesson
{
    internal const string OnlyCheck = "--check";

    private const int Columns = 96;

    /// <summary>Who is at work, for names that nobody else uses.</summary>
    private static readonly string Learner = string.Concat(Environment.UserName.ToLowerInvariant().Where(char.IsAsciiLetterOrDigit)) is { Length: > 0 } name ? name : "you";

    /// <summary>
    /// Finds or starts a Redis, runs the lesson, and returns the exit code: 0, or 1 with a message if a check failed or anything
    /// else went wrong, or 2 for an argument that it does not know.
    /// </summary>
    /// <param name="steps">What the lesson shows; left out with <c>--check</c>.</param>
    /// <param name="yourTurn">The exercises, each with its check.</param>
    /// <param name="usesContainer">Whether it uses a container of services: dotnet-script must be started in another way for that, and is.</param>
    /// <param name="file">The script; the compiler fills it in.</param>
    public static async Task<int> RunAsync(Func<Task> steps, Func<Task> yourTurn, bool usesContainer = false, [CallerFilePath] string file = "")
    {
        if (usesContainer && await WorkerProcess.RunForContainerAsync().ConfigureAwait(false) is { } code)
        {
            return code;
        }

        if (OperatingSystem.IsWindows() && !Console.IsOutputRedirected)
        {
            Console.OutputEncoding = Encoding.UTF8;
        }

        if (!ScriptArguments.AreKnown([(OnlyCheck, "only check the exercises")], out code))
        {
            return code;
        }

        try
        {
            RedisServer.Use();
            if (!ScriptArguments.Given.Contains(OnlyCheck))
            {
                await steps().ConfigureAwait(false);
                Step("Your turn");
            }

            await yourTurn().ConfigureAwait(false);
            return 0;
        }
        catch (Exception e)
        {
            Console.WriteLine($"✗ {e.Message}");
            if (e is CheckFailedException && !ScriptArguments.Given.Contains(OnlyCheck))
            {
                var script = Path.GetFileName(file);
                Console.WriteLine($"\nChange scripts/{script}, between \"Your turn\" and \"Up to here\", and run it again.");
                Console.WriteLine($"Stuck? notebooks/solutions/{script} has an answer.");
            }

            return 1;
        }
    }

    /// <summary>Prints a heading, and below it what the step is about.</summary>
    public static void Step(string title, string text = "")
    {
        Console.WriteLine($"\n=== {title} ===");
        Say(text);
    }

    /// <summary>Prints what an exercise asks for.</summary>
    public static void Exercise(string text)
    {
        Console.WriteLine();
        Say(text);
    }

    /// <summary>A name that nobody else uses: "report-ann-3f9a". Others may work on the same Redis, and an earlier run may have left something locked.</summary>
    public static string Name(string name) => string.Create(CultureInfo.InvariantCulture, $"{name}-{Learner}-{Random.Shared.Next(0x10000):x4}");

    private static void Say(string text)
    {
        var line = new StringBuilder();
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length + 1 + word.Length > Columns)
            {
                Console.WriteLine(line);
                line.Clear();
            }

            line.Append(line.Length == 0 ? "" : " ").Append(word);
        }

        if (line.Length > 0)
        {
            Console.WriteLine($"{line}\n");
        }
    }
}
