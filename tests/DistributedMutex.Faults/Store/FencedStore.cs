using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace DistributedMutex.Faults.Store;

/// <summary>What a store has taken: a fence that was shown to it, by a reader or with a value that was written.</summary>
internal sealed record JournalEntry(long Fence, long Value, bool IsWrite, string Who);

/// <summary>
/// A number in a file that several processes change, as a store should that knows fences: it remembers the greatest fence
/// that it was shown, be it by a reader, and refuses all that comes with a smaller one. Its file is its journal: one
/// entry after the other, of one size, the last of them being the present. A lock on the file makes each step atomic,
/// and falls with its process.
/// </summary>
internal sealed class FencedStore : IDisposable
{
    public const string Extension = ".journal";

    // A power of two, so that no entry lies on two pages, of which kill -9 could leave one.
    private const int EntryLength = 64;

    // As Linux numbers them.
    private const int ReadWrite = 2;
    private const int Create = 0x40;
    private const int CloseOnExec = 0x80000;
    private const int UserOnly = 0x180;
    private const int Exclusive = 2;
    private const int Unlock = 8;

    private readonly SafeFileHandle _file;
    private readonly Lock _gate = new();

    public FencedStore(string folder, string name)
    {
        // Not by .NET, which takes a lock of its own on what it opens.
        _file = new SafeFileHandle(open(Path.Combine(folder, name + Extension), ReadWrite | Create | CloseOnExec, UserOnly), ownsHandle: true);
        Check(_file.IsInvalid ? -1 : 0);
    }

    /// <summary>Shows a fence and reads the value; null if a greater fence was seen.</summary>
    public long? Read(long fence, string who) => InTurn(last => fence < last.Fence ? null : last with { Fence = fence, IsWrite = false, Who = who })?.Value;

    /// <summary>Writes the value; false if a greater fence was seen.</summary>
    public bool Write(long fence, long value, string who) => InTurn(last => fence < last.Fence ? null : new JournalEntry(fence, value, true, who)) is not null;

    public void Dispose() => _file.Dispose();

    public static IReadOnlyList<JournalEntry> ReadJournal(string file) =>
        [.. File.ReadAllText(file).Chunk(EntryLength).Where(entry => entry.Length == EntryLength).Select(entry => ParseEntry(new string(entry)))];

    // "fence value r|w who", filled up with spaces
    internal static JournalEntry ParseEntry(string entry)
    {
        var words = entry.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return new JournalEntry(
            long.Parse(words[0], CultureInfo.InvariantCulture), long.Parse(words[1], CultureInfo.InvariantCulture), words[2] == "w", words[3]);
    }

    private JournalEntry? InTurn(Func<JournalEntry, JournalEntry?> decide)
    {
        lock (_gate)
        {
            Check(flock(_file, Exclusive));
            try
            {
                var length = RandomAccess.GetLength(_file) / EntryLength * EntryLength;
                var buffer = new byte[EntryLength];
                var last = new JournalEntry(0, 0, false, "-");
                if (length > 0)
                {
                    RandomAccess.Read(_file, buffer, length - EntryLength);
                    last = ParseEntry(Encoding.ASCII.GetString(buffer));
                }

                var next = decide(last);
                if (next is not null)
                {
                    var text = string.Create(CultureInfo.InvariantCulture, $"{next.Fence} {next.Value} {(next.IsWrite ? 'w' : 'r')} {next.Who}");
                    RandomAccess.Write(_file, Encoding.ASCII.GetBytes(text.PadRight(EntryLength - 1) + "\n"), length);
                }

                return next;
            }
            finally
            {
                Check(flock(_file, Unlock));
            }
        }
    }

    private static void Check(int result)
    {
        if (result != 0)
        {
            throw new IOException($"The store's file cannot be locked: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [DllImport("libc", SetLastError = true, BestFitMapping = false)]
    private static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, int mode);

    [DllImport("libc", SetLastError = true)]
    private static extern int flock(SafeFileHandle file, int operation);
}
