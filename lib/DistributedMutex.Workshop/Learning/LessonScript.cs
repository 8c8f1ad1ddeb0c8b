using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace DistributedMutex.Workshop.Learning;

/// <summary>A lesson as a script that a learner changes.</summary>
internal sealed partial class LessonScript
{
    private const string Begin = "// Your turn:";

    private const string End = "// Up to here.";

    private readonly string _root;
    private readonly string _name;

    private LessonScript(string root, Match entry)
    {
        (_root, _name) = (root, entry.Groups["name"].Value);
        (Number, Title) = (int.Parse(entry.Groups["number"].Value, CultureInfo.InvariantCulture), entry.Groups["title"].Value);
        Exercises = [.. Enumerable.Range(1, Turns(File.ReadAllText(Path)).Count).Select(number => string.Create(CultureInfo.InvariantCulture, $"{Number}.{number}"))];
    }

    public int Number { get; }

    public string Title { get; }

    /// <summary>"3.1" is the first of lesson 3.</summary>
    public IReadOnlyList<string> Exercises { get; }

    public bool IsSolved => Solved == Exercises.Count;

    public int Solved => Exercises.Count(exercise => Progress.Of(exercise).Solved);

    /// <summary>The first that is not solved; null if all are.</summary>
    public string? AtHand => Exercises.FirstOrDefault(exercise => !Progress.Of(exercise).Solved);

    public string Path => System.IO.Path.Combine(_root, "scripts", _name + ".csx");

    /// <summary>As a learner writes it in the clone's folder.</summary>
    public string ShownPath => $"scripts/{_name}.csx";

    /// <summary>Where the exercise at hand begins.</summary>
    public int Line
    {
        get
        {
            var text = File.ReadAllText(Path);
            var turns = Turns(text);
            return text[..turns[Math.Min(Solved, turns.Count - 1)].Index].Count(letter => letter == '\n') + 1;
        }
    }

    public string Solution => File.ReadAllText(System.IO.Path.Combine(_root, "notebooks", "solutions", _name + ".csx")).TrimEnd();

    /// <summary>The lessons that the page of lessons names, in its order.</summary>
    public static IReadOnlyList<LessonScript> All(string root) =>
        [.. Entry().Matches(File.ReadAllText(System.IO.Path.Combine(root, "notebooks", "README.md"))).Select(entry => new LessonScript(root, entry))];

    /// <summary>Puts the exercises of the notebook in the place of what the learner has written, and forgets what was solved.</summary>
    public void Reset()
    {
        var notebook = JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(_root, "notebooks", _name + ".ipynb")))!;
        var exercises = new Queue<string>(notebook["cells"]!.AsArray()
            .Where(cell => cell!["metadata"]?["tags"]?.AsArray().Any(tag => (string?)tag == "exercise") == true)
            .Select(cell => string.Concat(cell!["source"]!.AsArray().Select(line => (string?)line))));
        File.WriteAllText(Path, Turn().Replace(File.ReadAllText(Path), turn =>
        {
            var indent = turn.Groups["indent"].Value;
            var lines = exercises.Dequeue().Split('\n').Select(line => line == "" ? "" : indent + line);
            return $"{indent}{Begin}\n{string.Join('\n', lines)}\n{indent}{End}";
        }));
        foreach (var exercise in Exercises)
        {
            Progress.Reset(exercise);
        }
    }

    /// <summary>Runs the checks of the script, and nothing else of it; true: all passed.</summary>
    public async Task<bool> CheckAsync(bool quietly, CancellationToken ending)
    {
        using var check = Process.Start(new ProcessStartInfo(ServerKind.DotnetPath, ["run", Path, "--", Lesson.OnlyCheck])
        {
            RedirectStandardOutput = quietly,
            RedirectStandardError = quietly,
        })!;
        try
        {
            if (quietly)
            {
                await Task.WhenAll(check.StandardOutput.ReadToEndAsync(ending), check.StandardError.ReadToEndAsync(ending)).ConfigureAwait(false);
            }

            await check.WaitForExitAsync(ending).ConfigureAwait(false);
            return check.ExitCode == 0;
        }
        catch (OperationCanceledException)
        {
            check.Kill(entireProcessTree: true);
            await check.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    private static MatchCollection Turns(string text) => Turn().Matches(text);

    // A line of the table: | [1. The race](01-race.ipynb) | …
    [GeneratedRegex(@"^\| \[(?<number>\d+)\. (?<title>[^\]]+)\]\((?<name>[\w-]+)\.ipynb\)", RegexOptions.Multiline)]
    private static partial Regex Entry();

    [GeneratedRegex("^(?<indent> *)" + Begin + @"\r?\n.*?^ *" + End, RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Turn();
}
