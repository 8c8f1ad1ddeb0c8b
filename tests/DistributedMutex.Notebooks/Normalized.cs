using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace DistributedMutex.Notebooks;

/// <summary>
/// Makes the outputs of a run fit to be committed: nothing of this machine in them, and as little as possible that would
/// be another at the next run. What two texts have in common they still have in common: a token has one stand-in.
/// </summary>
internal sealed partial class Normalized(Notebook notebook)
{
    private static readonly string Learner = string.Concat(Environment.UserName.ToLowerInvariant().Where(char.IsAsciiLetterOrDigit)) is { Length: > 0 } name ? name : "you";

    private readonly Dictionary<string, string> _standIns = [];
    private readonly List<string> _fences = [];

    /// <summary>The figures of a picture stay: what it says must fit what it draws.</summary>
    public Output Of(Output output) => output is Output.Value ? output.Select(WithoutMachine) : output.Select(text => WithRoundTimes(WithoutMachine(text)));

    private string WithoutMachine(string text)
    {
        text = text.Replace(Path.GetDirectoryName(notebook.Folder)! + Path.DirectorySeparatorChar, "", StringComparison.Ordinal)
            .Replace(Path.GetTempPath(), "/tmp/", StringComparison.Ordinal)
            .Replace(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), "~", StringComparison.Ordinal);
        text = ClientId().Replace(text, match => match.Groups["machine"].Value == Environment.MachineName
            ? $"your-machine-{StandIn(match.Groups["process"].Value, 4, "0123456789")}-{StandIn(match.Groups["instance"].Value, 8, "0123456789abcdef")}"
            : match.Value);
        text = Name().Replace(text, match => match.Groups["learner"].Value == Learner
            ? $"{match.Groups["what"].Value}-you-{StandIn(match.Groups["run"].Value, 4, "0123456789abcdef")}"
            : match.Value);
        text = Order().Replace(text, match => $"{match.Groups["before"].Value}{StandIn(match.Groups["number"].Value, 4, "123456789")}");
        text = Random().Replace(text, match => StandIn(match.Value, 32, "0123456789abcdef"));
        text = Fence().Replace(text, match => FenceStandIn(match.Value));
        text = Joined().Replace(text, "a private $1,");
        text = Port().Replace(text, "127.0.0.1:…");
        return Timestamp().Replace(text, "2026-01-01 12:00:00");
    }

    private static string WithRoundTimes(string text)
    {
        text = Milliseconds().Replace(text, match => $"{Rounded(match.Groups["number"].Value)} ms");
        return Seconds().Replace(text, match => string.Create(CultureInfo.InvariantCulture, $"{double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture):0.0} s"));
    }

    private string StandIn(string value, int length, string alphabet)
    {
        if (!_standIns.TryGetValue(value, out var standIn))
        {
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{notebook.Name} {_standIns.Count}"));
            standIn = string.Concat(hash.Take(length).Select(digit => alphabet[digit % alphabet.Length]));
            _standIns[value] = standIn;
        }

        return standIn;
    }

    // In the order in which they appear, as long as they rise.
    private string FenceStandIn(string fence)
    {
        if (_fences.Count == 0 || string.CompareOrdinal(fence, _fences[^1]) > 0)
        {
            _fences.Add(fence);
        }

        var index = _fences.IndexOf(fence);
        return index < 0 ? fence : (1767268800000000 + (index * 1000000L)).ToString(CultureInfo.InvariantCulture);
    }

    private static string Rounded(string number)
    {
        var value = double.Parse(number, CultureInfo.InvariantCulture);
        var step = value < 10 ? 1 : value < 100 ? 10 : 100;
        return (Math.Round(value / step) * step).ToString(CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"(?<machine>[\w.-]+?)-(?<process>\d+)-(?<instance>[0-9a-f]{8})\b")]
    private static partial Regex ClientId();

    // As Lesson.Name makes them.
    [GeneratedRegex(@"\b(?<what>[a-z]+)-(?<learner>[a-z0-9]+)-(?<run>[0-9a-f]{4})\b")]
    private static partial Regex Name();

    [GeneratedRegex(@"(?<before>\b[Oo]rder[ :])(?<number>\d{6})\b")]
    private static partial Regex Order();

    [GeneratedRegex(@"\b[0-9a-f]{32}\b")]
    private static partial Regex Random();

    // µs since 1970.
    [GeneratedRegex(@"\b[12]\d{15}\b")]
    private static partial Regex Fence();

    [GeneratedRegex(@"the private (.*?) of this clone, already running,")]
    private static partial Regex Joined();

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex Port();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")]
    private static partial Regex Timestamp();

    [GeneratedRegex(@"(?<number>\d+(\.\d+)?) ms\b")]
    private static partial Regex Milliseconds();

    [GeneratedRegex(@"(?<number>\d+\.\d{2,}) s\b")]
    private static partial Regex Seconds();
}
