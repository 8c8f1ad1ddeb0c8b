using System.Text.RegularExpressions;
using Markdig.Syntax;

namespace DistributedMutex.Tests.Documentation;

/// <summary>
/// What stands in a code block of a README is no copy that can grow old: C# is a #region of the tests in ReadmeExamples,
/// which run it; other files are quoted as they are; commands and their output are for <see cref="CommandTests"/>.
/// </summary>
[Quick]
public sealed partial class CodeBlockTests
{
    private const string Examples = "tests/DistributedMutex.Tests/Documentation/ReadmeExamples";

    private static readonly Dictionary<string, string[]> QuotedFiles = new()
    {
        ["lua"] = Files("lib/DistributedMutex/Protocol", "*.lua"),
        ["yaml"] = ["docker-compose.yml"],
        ["ini"] = [".env"],
    };

    public static TheoryData<string> Readmes => ["README.md", "README.es.md", "lib/DistributedMutex/README.md", "lib/DistributedMutex.DistributedLock/README.md"];

    [Theory]
    [MemberData(nameof(Readmes))]
    public void Every_code_block_is_checked_by_somebody(string path)
    {
        var page = new MarkdownPage(path);
        var regions = FindRegions().ToHashSet();
        foreach (var block in page.CodeBlocks)
        {
            var (language, text) = (MarkdownPage.LanguageOf(block), MarkdownPage.TextOf(block));
            switch (language)
            {
                case "csharp":
                    Assert.True(regions.Contains(text), $"{page.At(block)}: this code is no #region of {Examples}:\n{text}");
                    break;
                case "lua" or "yaml" or "ini":
                    Assert.True(
                        QuotedFiles[language].Any(file => Read(file).Contains(text + '\n', StringComparison.Ordinal)),
                        $"{page.At(block)}: this is not what any of {string.Join(", ", QuotedFiles[language])} says:\n{text}");
                    break;
                case "text" when text.StartsWith("ACL SETUSER ", StringComparison.Ordinal):
                    // RightsTests makes this user, and lets it lock.
                    break;
                case "text":
                    Assert.True(
                        block.Parent![block.Parent.IndexOf(block) - 1] is FencedCodeBlock { Info: "sh" },
                        $"{page.At(block)}: output must follow the command that prints it");
                    break;
                default:
                    Assert.True(language is "sh" or "mermaid", $"{page.At(block)}: nobody checks code blocks in '{language}'");
                    break;
            }
        }
    }

    [Fact]
    public void Every_example_that_is_run_is_shown()
    {
        var shown = Readmes.SelectMany(path => new MarkdownPage(path).CodeBlocks)
            .Where(block => MarkdownPage.LanguageOf(block) == "csharp").Select(MarkdownPage.TextOf).ToHashSet();
        Assert.All(FindRegions(), region => Assert.Contains(region, shown));
    }

    /// <summary>The text of each #region, moved to the left edge.</summary>
    private static IEnumerable<string> FindRegions() =>
        Files(Examples, "*.cs").SelectMany(file => Region().Matches(Read(file))).Select(match =>
        {
            var lines = match.Groups["text"].Value.Split('\n');
            var indent = lines.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart().Length);
            return string.Join('\n', lines.Select(line => line[Math.Min(indent, line.Length)..])).Trim('\n');
        });

    private static string[] Files(string folder, string pattern) =>
        [.. Directory.EnumerateFiles(MarkdownPage.Repository(folder), pattern).Select(file => Path.Combine(folder, Path.GetFileName(file))).Order()];

    private static string Read(string path) => File.ReadAllText(MarkdownPage.Repository(path)).ReplaceLineEndings("\n");

    [GeneratedRegex(@"^ *#region\n(?<text>.*?)^ *#endregion\n", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Region();
}
