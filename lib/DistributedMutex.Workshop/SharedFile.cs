namespace DistributedMutex.Workshop;

/// <summary>A text file that anybody may read and write at any time. It is deleted when the process ends.</summary>
public sealed class SharedFile
{
    private readonly string _fileName;

    /// <summary>Creates the file, empty, in the system's folder for temporary files.</summary>
    public SharedFile()
        : this(Path.GetTempFileName()) => AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(_fileName);

    internal SharedFile(string fileName) => _fileName = fileName;

    /// <summary>What a check does when somebody has read the file.</summary>
    internal Action? AfterRead { get; init; }

    /// <summary>What a check does when somebody has written it.</summary>
    internal Action? AfterWrite { get; init; }

    /// <summary>Its lines.</summary>
    public IReadOnlyList<string> Read()
    {
        var lines = new List<string>();
        using (var reader = new StreamReader(Open(FileMode.Open, FileAccess.Read)))
        {
            while (reader.ReadLine() is { } line)
            {
                lines.Add(line);
            }
        }

        AfterRead?.Invoke();
        return lines;
    }

    /// <summary>Puts other lines in their place.</summary>
    public void Write(IEnumerable<string> lines)
    {
        using (var writer = new StreamWriter(Open(FileMode.Create, FileAccess.Write)))
        {
            foreach (var line in lines)
            {
                writer.Write($"{line}\n");
            }
        }

        AfterWrite?.Invoke();
    }

    // Shared with everybody, as most programs open a file: .NET's own default would turn the race into an exception.
    private FileStream Open(FileMode mode, FileAccess access) => new(_fileName, mode, access, FileShare.ReadWrite | FileShare.Delete);
}
