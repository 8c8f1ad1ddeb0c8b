using System.Globalization;

namespace DistributedMutex.Workshop;

/// <summary>One of the threads of a <see cref="Race"/>.</summary>
public sealed class RaceThread
{
    // What a real program would do between reading and writing. It is the time in which others get in the way.
    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(200);

    private static readonly Lock Printing = new();

    internal RaceThread(int number) => Number = number;

    /// <summary>1 for the first thread.</summary>
    public int Number { get; }

    internal bool HasWritten { get; private set; }

    internal bool HasFailed { get; private set; }

    /// <summary>Prints a line in the thread's name.</summary>
    public void Say(string text)
    {
        lock (Printing)
        {
            Console.WriteLine($"[Thread {Number}] {text}");
        }
    }

    /// <summary>
    /// Gives the lock back and says so in one step: otherwise the next thread, which has it at once, could be the first to
    /// speak, and the lock would look broken. Fails the race if the lock was lost.
    /// </summary>
    public void Release(Func<bool> unlock)
    {
        lock (Printing)
        {
            if (unlock())
            {
                Say("✓ Lock released");
            }
            else
            {
                Fail("Lock was lost before it was released");
            }
        }
    }

    /// <summary>Prints what went wrong, and fails the race.</summary>
    public void Fail(string reason)
    {
        HasFailed = true;
        Say($"✗ {reason}");
    }

    /// <summary>Reads the shared file, works a while, and writes it back with one more line, which carries the next number.</summary>
    public void WriteNextLine()
    {
        var file = new SharedFile(Race.FileName);
        var lines = file.Read();
        Thread.Sleep(Work);
        var now = DateTime.Now.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        file.Write([.. lines, $"[{now}] Thread {Number} wrote line {lines.Count + 1}"]);
        HasWritten = true;
    }
}
