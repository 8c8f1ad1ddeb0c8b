using System.Text;

namespace DistributedMutex.Workshop;

/// <summary>A lesson as a script.</summary>
public static class Lesson
{
    /// <summary>Finds or starts a Redis, runs the lesson, and returns the exit code: 0, or 1 with a message if a check failed or anything else went wrong.</summary>
    /// <param name="lesson">What the script does.</param>
    /// <param name="usesContainer">Whether it uses a container of services: dotnet-script must be started in another way for that, and is.</param>
    public static async Task<int> RunAsync(Func<Task> lesson, bool usesContainer = false)
    {
        if (usesContainer && await WorkerProcess.RunForContainerAsync().ConfigureAwait(false) is { } code)
        {
            return code;
        }

        if (OperatingSystem.IsWindows() && !Console.IsOutputRedirected)
        {
            Console.OutputEncoding = Encoding.UTF8;
        }

        try
        {
            RedisServer.Use();
            await lesson().ConfigureAwait(false);
            return 0;
        }
        catch (Exception e)
        {
            Console.WriteLine($"✗ {e.Message}");
            return 1;
        }
    }

    /// <summary>Prints a heading.</summary>
    public static void Step(string title) => Console.WriteLine($"\n=== {title} ===");
}
