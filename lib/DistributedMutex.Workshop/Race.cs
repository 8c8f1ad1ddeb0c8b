using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace DistributedMutex.Workshop;

/// <summary>
/// Five threads that start together and each add a line to one file: read it, work a while, write it back with the next
/// number. Without a lock around that, writes are lost.
/// </summary>
public static partial class Race
{
    internal const string FileName = "shared_file.txt";

    private const int FiveThreads = 5;

    /// <summary>
    /// Runs the race in the current folder, prints what happens, and checks the file. With <c>--no-lock</c> on the command
    /// line the threads write without calling <paramref name="locked"/>.
    /// </summary>
    /// <param name="api">The part of the library that is shown, for the heading.</param>
    /// <param name="locked">What each thread does: lock, <see cref="RaceThread.WriteNextLine"/>, unlock.</param>
    /// <returns>The exit code: 0, or 1 if the file is wrong or a thread failed, or 2 for an argument that it does not know.</returns>
    public static int Run(string api, Action<RaceThread> locked)
    {
        if (OperatingSystem.IsWindows() && !Console.IsOutputRedirected)
        {
            Console.OutputEncoding = Encoding.UTF8;
        }

        if (!ScriptArguments.AreKnown([Workers.NoLockOption], out var code))
        {
            return code;
        }

        var noLock = Workers.NoLock;
        try
        {
            if (!noLock)
            {
                RedisServer.Use();
            }
        }
        catch (Exception e)
        {
            Console.Error.WriteLine($"✗ {e.Message}");
            return 1;
        }

        Console.WriteLine($"=== Redis Mutex Example ({(noLock ? "--no-lock" : api)}) ===");
        Console.WriteLine($"Multiple threads writing to the same file {(noLock ? "without" : "with")} mutex protection.");
        Console.WriteLine();

        File.WriteAllText(FileName, "");
        var threads = RunThreads(noLock ? WriteUnprotected : locked);
        var lines = File.ReadAllLines(FileName);

        Console.WriteLine();
        Console.WriteLine("=== Results ===");
        Console.WriteLine($"Contents of {FileName}:");
        Console.WriteLine(new string('-', 60));
        foreach (var line in lines)
        {
            Console.WriteLine(line);
        }

        Console.WriteLine(new string('-', 60));
        Console.WriteLine();
        var faults = FindFaults(lines, threads.Count(thread => thread.HasWritten)).ToList();
        var failed = threads.Count(thread => thread.HasFailed || !thread.HasWritten);
        foreach (var fault in faults)
        {
            Console.WriteLine($"✗ {fault}");
        }

        if (failed > 0)
        {
            Console.WriteLine($"✗ {failed} of {FiveThreads} threads failed");
        }

        if (faults.Count + failed > 0)
        {
            return 1;
        }

        Console.WriteLine("✓ All writes completed sequentially without race conditions");
        return 0;
    }

    /// <summary>What is wrong with a file that <paramref name="writers"/> threads have written to, one line each; nothing if it is right.</summary>
    internal static IEnumerable<string> FindFaults(IReadOnlyList<string> lines, int writers)
    {
        var numbers = lines.Select(line => LineFormat().Match(line)).Where(match => match.Success)
            .Select(match => int.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture)).ToList();
        if (numbers.Count < lines.Count)
        {
            yield return $"Damaged: {lines.Count - numbers.Count} of {lines.Count} lines are not as any thread wrote them";
        }

        if (numbers.Count < writers)
        {
            yield return $"Lost: {writers} threads wrote a line each, but only {numbers.Count} can be found: {writers - numbers.Count} lost";
        }

        var doubled = numbers.GroupBy(number => number).Where(same => same.Count() > 1).Select(same => same.Key).ToList();
        if (doubled.Count > 0)
        {
            yield return $"Doubled: more than one line has the number {string.Join(", ", doubled)}";
        }

        if (doubled.Count == 0 && !numbers.SequenceEqual(Enumerable.Range(1, numbers.Count)))
        {
            yield return $"Out of order: the lines have the numbers {string.Join(", ", numbers)}";
        }
    }

    private static List<RaceThread> RunThreads(Action<RaceThread> body)
    {
        var racers = Enumerable.Range(1, FiveThreads).Select(number => new RaceThread(number)).ToList();
        Threads.Run(FiveThreads, number =>
        {
            var racer = racers[number - 1];
            try
            {
                body(racer);
            }
            catch (Exception e)
            {
                racer.Fail(e.Message);
            }
        });
        return racers;
    }

    private static void WriteUnprotected(RaceThread thread)
    {
        thread.Say("Writing without a lock...");
        thread.WriteNextLine();
        thread.Say("✓ Done");
    }

    [GeneratedRegex(@"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] Thread \d+ wrote line (?<number>\d+)$")]
    private static partial Regex LineFormat();
}
