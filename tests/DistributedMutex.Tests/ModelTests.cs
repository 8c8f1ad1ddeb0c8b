using System.Text.RegularExpressions;
using DistributedMutex.Tests.Documentation;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Workshop;
using Markdig.Extensions.Tables;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace DistributedMutex.Tests;

/// <summary>The model of the protocol in tests/model; all of it is run by its check.sh.</summary>
public sealed partial class ModelTests
{
    private const string Folder = "tests/model";

    private static string Script => Path.Combine(Clone.Root, Folder, "check.sh");

    [Fact]
    public async Task The_model_holds_and_breaks_without_its_guards()
    {
        SkipWithoutSpin();
        using var check = ChildProcess.Start(Clone.Root, "bash", [Script, "--quick"]);
        Assert.True(await check.ExitAsync() == 0, check.Said);
        Assert.Matches(@"\nthree clients, one trouble +holds +holds ", check.Said);
        Assert.Matches(@"\nwithout OWNER_CHECK_IN_RELEASE +oneHolder +oneHolder ", check.Said);
    }

    [Fact]
    public async Task What_happens_without_a_guard_is_told_step_by_step()
    {
        SkipWithoutSpin();
        var told = new MarkdownPage($"{Folder}/README.md").CodeBlocks.Single(block => MarkdownPage.LanguageOf(block) == "text");
        using var check = ChildProcess.Start(Clone.Root, "bash", [Script, "--trail", "AGE_OF_GRANT"]);
        Assert.True(await check.ExitAsync() == 0, check.Said);
        Assert.Equal(MarkdownPage.TextOf(told), check.Said.Trim());
    }

    [Fact]
    public void Each_guard_is_told_of_and_taken_away()
    {
        var guards = Guard().Matches(Read("guards.pml")).Select(guard => guard.Value).ToHashSet();
        var rows = Rows("guard");
        Assert.Equal(guards.Order(StringComparer.Ordinal), rows.Select(row => row[0]).Order(StringComparer.Ordinal));
        Assert.All(rows.Where(row => row[2] != "nothing"), row => Assert.Contains($"\n{row[0]}|", Read("check.sh"), StringComparison.Ordinal));
    }

    [Fact]
    public void What_it_stands_for_is_there()
    {
        string[] names = [.. Rows("model").SelectMany(row => row[1].Split(", ")), .. Rows("guard").Select(row => row[1]).Where(name => name != "the store")];
        var library = Path.Combine(Clone.Root, "lib", "DistributedMutex");
        foreach (var name in names.Where(name => MemberOrFile().IsMatch(name)))
        {
            var (file, member) = name.EndsWith(".lua", StringComparison.Ordinal) ? (name, "") : (name.Split('.')[0] + ".cs", name.Split('.')[1]);
            var path = Assert.Single(Directory.GetFiles(Path.Combine(library, "Protocol"), file));
            Assert.Contains(member, File.ReadAllText(path), StringComparison.Ordinal);
        }
    }

    private static void SkipWithoutSpin()
    {
        Assert.SkipWhen(DocumentedServer.Find("spin") is null, "spin is not on PATH");
        Assert.SkipWhen(DocumentedServer.Find("gcc") is null, "gcc is not on PATH");
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(Clone.Root, Folder, file)).ReplaceLineEndings("\n");

    private static List<List<string>> Rows(string heading) => new MarkdownPage($"{Folder}/README.md").Document.Descendants<Table>()
        .Select(table => table.OfType<TableRow>().Select(row => row.Select(TextOf).ToList()).ToList())
        .Single(table => table[0][0] == heading)[1..];

    private static string TextOf(Block cell) => string.Concat(cell.Descendants<LeafInline>().Select(inline => inline is CodeInline code ? code.Content : inline.ToString()));

    [GeneratedRegex(@"^\w+\.\w+$")]
    private static partial Regex MemberOrFile();

    [GeneratedRegex("(?<=#define )[A-Z_]+(?= true)")]
    private static partial Regex Guard();
}
