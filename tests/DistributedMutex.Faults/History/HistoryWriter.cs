using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace DistributedMutex.Faults.History;

/// <summary>
/// One process' part of the history: a file to which each event is added as a line. The line is the kernel's before the
/// process goes on, so kill -9 loses none that came before it, and tears the last one at most.
/// </summary>
internal sealed class HistoryWriter(string folder, string process, RunClock clock) : IDisposable
{
    public const string Extension = ".history";

    private readonly SafeFileHandle _file = File.OpenHandle(Path.Combine(folder, process + Extension), FileMode.CreateNew, FileAccess.Write, FileShare.Read);
    private readonly Lock _gate = new();
    private long _length;

    public double Now => clock.Now;

    /// <summary>Adds "time who what", the time being now: later than what has ended, earlier than what is about to begin.</summary>
    public void Write(string who, FormattableString what)
    {
        var text = what.ToString(CultureInfo.InvariantCulture);
        lock (_gate)
        {
            var line = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{clock.Now:F6} {who} {text}\n"));
            RandomAccess.Write(_file, line, _length);
            _length += line.Length;
        }
    }

    public void Dispose() => _file.Dispose();
}
