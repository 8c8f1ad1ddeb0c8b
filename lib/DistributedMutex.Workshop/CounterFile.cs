using System.Globalization;
using System.Text;

namespace DistributedMutex.Workshop;

/// <summary>A file with a number in it, which anybody may read and write at any time. It starts at 0 and is deleted when the process ends.</summary>
public sealed class CounterFile
{
    // Digits enough for any number, so that a write replaces all of the file at once.
    private const int Digits = 10;

    /// <summary>Creates the file in the system's folder for temporary files.</summary>
    public CounterFile()
        : this(Path.GetTempFileName())
    {
        Write(0);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(FileName);
    }

    internal CounterFile(string fileName) => FileName = fileName;

    internal string FileName { get; }

    /// <summary>The number in the file.</summary>
    public int Read()
    {
        using var file = Open();
        Span<byte> digits = stackalloc byte[Digits];
        file.ReadExactly(digits);
        return int.Parse(digits, CultureInfo.InvariantCulture);
    }

    /// <summary>Puts another number in its place.</summary>
    public void Write(int number)
    {
        using var file = Open();
        file.Write(Encoding.ASCII.GetBytes(number.ToString("D10", CultureInfo.InvariantCulture)));
    }

    /// <summary>Reads the number, works for 10 ms, and writes it back with 1 added: whatever others write meanwhile is lost.</summary>
    public void AddOne()
    {
        var number = Read();
        using (Timeline.Work(string.Create(CultureInfo.InvariantCulture, $"read {number}")))
        {
            Thread.Sleep(10);
        }

        Write(number + 1);
    }

    // Unbuffered and shared with everybody: each read and write is one call of the system's.
    private FileStream Open() => new(FileName, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
}
