using System.Globalization;
using System.Text;

namespace DistributedMutex.Workshop;

/// <summary>
/// A script as several processes: it starts itself again, once for each worker, lets all workers begin at the same time,
/// prints what they say, and checks it.
/// </summary>
public static class Workers
{
    /// <summary>Whether the command line says <c>--no-lock</c>: the script is to show what happens without.</summary>
    public static bool NoLock => ScriptArguments.Given.Contains(NoLockOption.Option);

    internal static (string Option, string Does) NoLockOption => ("--no-lock", "show what happens without the lock");

    /// <summary>Runs the script, in whichever of its processes this is.</summary>
    /// <param name="title">What is shown, for the heading.</param>
    /// <param name="work">What each worker does, in a process of its own.</param>
    /// <param name="findFaults">What is wrong with what all of them have said, in the order in which they said it; nothing if it is right.</param>
    /// <param name="success">What it shows if nothing is wrong.</param>
    /// <param name="count">How many workers; 3 by default.</param>
    /// <returns>The exit code: 0, or 1 if something is wrong or a worker failed, or 2 for an argument that it does not know.</returns>
    public static async Task<int> RunAsync(
        string title, Func<Worker, Task> work, Func<IReadOnlyList<string>, IEnumerable<string>> findFaults, string success, int count = 3)
    {
        Console.OutputEncoding = Encoding.UTF8;
        try
        {
            if (WorkerProcess.Current is { } worker)
            {
                await WorkerProcess.ReadyAsync().ConfigureAwait(false);
                worker.Say($"starts, as process {Environment.ProcessId}");
                await work(worker).ConfigureAwait(false);
                return 0;
            }

            if (!ScriptArguments.AreKnown([NoLockOption], out var code))
            {
                return code;
            }

            RedisServer.Use();
            Console.WriteLine($"=== {title}{(NoLock ? " (--no-lock)" : "")} ===");
            Console.WriteLine();
            var said = await WorkerProcess.RunAsync(count).ConfigureAwait(false);
            Console.WriteLine();
            var faults = findFaults(said).ToList();
            faults.ForEach(fault => Console.WriteLine($"✗ {fault}"));
            if (faults.Count > 0)
            {
                return 1;
            }

            Console.WriteLine($"✓ {success}");
            return 0;
        }
        catch (Exception e)
        {
            Console.Error.WriteLine($"✗ {e.Message}");
            return 1;
        }
    }
}

/// <summary>One of the processes of <see cref="Workers"/>.</summary>
/// <param name="Number">1 for the first.</param>
/// <param name="Run">A name that all workers of this run have in common, and no other run.</param>
public sealed record Worker(int Number, string Run)
{
    /// <summary>Prints a line in the worker's name.</summary>
    public void Say(string text) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[Worker {Number}] {text}"));
}
