namespace DistributedMutex.Workshop;

/// <summary>Says what takes a while, and shows with a dot each second that it goes on, until it is disposed.</summary>
public sealed class Waiting : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly Timer _timer;
    private int _ended;

    private Waiting(string text)
    {
        Console.Write($"{text} ");
        _timer = new Timer(_ => Console.Write("."), null, Second, Second);
    }

    /// <summary>Prints the text.</summary>
    public static IDisposable For(string text) => new Waiting(text);

    /// <summary>Prints it if somebody sits at a terminal: what a program reads has lines only that it knows.</summary>
    internal static IDisposable? InTerminalFor(string text) => Console.IsOutputRedirected ? null : new Waiting(text);

    /// <summary>Ends the line, once.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return;
        }

        // No dot after the line has ended.
        using var ended = new ManualResetEvent(false);
        _timer.Dispose(ended);
        ended.WaitOne();
        Console.WriteLine();
    }
}
