using System.Text;
using System.Text.RegularExpressions;

namespace DistributedMutex.Settings;

/// <summary>
/// A .env file, read as Compose reads it, but for one thing: a $ is a $. A package would do if it took quotes inside a value,
/// took a $ for itself and named the line of an error: DotNetEnv and dotenv.net each lack some of it.
/// </summary>
internal sealed partial class EnvFile
{
    private const string FileName = ".env";

    private readonly Dictionary<string, (string Value, int Line)> _values = [];

    private EnvFile(string path) => Path = path;

    public string Path { get; }

    /// <summary>The value of the last line with that name, and the number of the line.</summary>
    public (string Value, int Line)? this[string name] => _values.TryGetValue(name, out var found) ? found : null;

    /// <summary>The nearest one, in the current folder or above it; null if there is none.</summary>
    public static string? Find()
    {
        for (var folder = new DirectoryInfo(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
        {
            var path = System.IO.Path.Combine(folder.FullName, FileName);
            if (File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }

    /// <exception cref="FormatException">It cannot be read; the message names the line, and has nothing of what it holds.</exception>
    public static EnvFile Read(string path)
    {
        try
        {
            var file = new EnvFile(path);
            file.ReadLines(File.ReadAllLines(path));
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private void ReadLines(string[] lines)
    {
        for (var next = 0; next < lines.Length;)
        {
            var first = next;
            var line = lines[next++];
            if (Blank().IsMatch(line))
            {
                continue;
            }

            if (Assignment().Match(line) is not { Success: true } assignment)
            {
                throw Wrong(first, "must be NAME=value or start with #");
            }

            var (name, value) = (assignment.Groups["name"].Value, assignment.Groups["value"].Value);
            _values[name] = (value is ['"' or '\'', ..] ? ReadQuoted(value, lines, first, ref next) : Comment().Replace(value, "").Trim(), first + 1);
        }
    }

    // What is in quotes may go on over several lines.
    private string ReadQuoted(string value, string[] lines, int first, ref int next)
    {
        var (quote, read) = (value[0], new StringBuilder());
        for (var rest = value[1..]; ; rest = lines[next++])
        {
            for (var at = 0; at < rest.Length; at++)
            {
                if (rest[at] == quote)
                {
                    return Blank().IsMatch(rest[(at + 1)..]) ? read.ToString() : throw Wrong(first, "has text after its closing quote");
                }

                // Only in double quotes, and only before what would mean something else there.
                var isEscape = quote == '"' && rest[at] == '\\' && at + 1 < rest.Length && rest[at + 1] is '"' or '\\';
                read.Append(rest[isEscape ? ++at : at]);
            }

            if (next == lines.Length)
            {
                throw Wrong(first, "has no closing quote");
            }

            read.Append('\n');
        }
    }

    private FormatException Wrong(int line, string what) => new($"{Path} cannot be read: line {line + 1} {what}.");

    [GeneratedRegex(@"^\s*(?:#.*)?$")]
    private static partial Regex Blank();

    [GeneratedRegex(@"^\s*(?:export\s+)?(?<name>[A-Za-z_][\w.-]*)\s*=\s*(?<value>.*)$")]
    private static partial Regex Assignment();

    [GeneratedRegex(@"(?:^|\s+)#.*$")]
    private static partial Regex Comment();
}
