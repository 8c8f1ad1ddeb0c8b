using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.RegularExpressions;
using DistributedMutex.Diagnostics;
using DistributedMutex.Tests.Servers;
using Markdig.Extensions.Tables;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using StackExchange.Redis;

namespace DistributedMutex.Tests.Documentation;

/// <summary>What the README says of the library in words: its tables and the messages that it quotes. The Spanish one says the same.</summary>
[Collection(Alone.Name)]
public sealed partial class StatementTests(DocumentedServer server) : IClassFixture<DocumentedServer>
{
    private static readonly MarkdownPage Readme = new("README.md");

    private static IEnumerable<string> CodeSpans => Readme.Document.Descendants<CodeInline>().Select(code => code.Content);

    [Fact]
    public void The_contents_list_every_chapter()
    {
        var chapters = Readme.Headings.Where(heading => heading.Level == 2).Select(heading => $"#{heading.GetAttributes().Id}").Where(anchor => anchor != "#contents");
        var contents = Readme.Document.OfType<ListBlock>().First().Descendants<LinkInline>().Select(link => link.Url!);
        Assert.Equal(chapters, contents);
    }

    [Fact]
    public void The_options_and_their_defaults_are_those_of_the_code()
    {
        var options = new MutexOptions();
        var real = typeof(MutexOptions).GetProperties().ToDictionary(property => property.Name, property => property.GetValue(options) switch
        {
            TimeSpan time => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds} s"),
            bool value => value ? "true" : "false",
            TimeProvider => "the system's",
            null => "none",
            var other => other.ToString()!,
        });
        Assert.Equal(real.OrderBy(option => option.Key), ReadTable("option").OrderBy(option => option.Key));
    }

    [Fact]
    public void The_variables_and_their_defaults_are_those_of_the_code()
    {
        var settings = new RedisSettings();
        var real = typeof(RedisSettings).GetProperties().Where(property => property.CanWrite).ToDictionary(
            property => $"REDIS_{property.Name.ToUpperInvariant()}",
            property => Convert.ToString(property.GetValue(settings), CultureInfo.InvariantCulture) is { Length: > 0 } text ? text.Replace("False", "false", StringComparison.Ordinal) : "none");
        Assert.Equal(real.OrderBy(variable => variable.Key), ReadTable("variable").OrderBy(variable => variable.Key));
    }

    [Fact]
    public async Task The_messages_are_those_that_come()
    {
        AssertQuoted(server.Settings with { Password = "wrong" });
        AssertQuoted(server.Settings with { Password = null });
        AssertQuoted(server.Settings with { Port = 1 });

        await using var mutex = new RedisMutex();
        await using var held = await mutex.AcquireAsync("order:42");
        var thrown = await Assert.ThrowsAsync<LockAcquisitionException>(() => mutex.AcquireAsync("order:42", TimeSpan.FromMilliseconds(10)));
        Assert.Contains(CodeSpans, quoted => quoted.Contains("caller", StringComparison.Ordinal) && thrown.Message.Contains(quoted, StringComparison.Ordinal));
    }

    [Fact]
    public void The_spans_and_metrics_are_those_of_the_code()
    {
        var metrics = typeof(Telemetry).GetFields().Select(field => field.GetValue(null)).OfType<Instrument>().Select(instrument => instrument.Name);
        Assert.Equal(
            metrics.Concat([Telemetry.WaitSpan, Telemetry.HoldSpan]).Order(StringComparer.Ordinal),
            CodeSpans.Where(span => TelemetryName().IsMatch(span)).Distinct().Order(StringComparer.Ordinal));
    }

    private static void AssertQuoted(RedisSettings wrong)
    {
        var thrown = Assert.Throws<RedisConnectionException>(() => new RedisMutex(wrong));
        var message = thrown.Message.Replace(wrong.ToString(), "localhost:6379", StringComparison.Ordinal);

        // The words of the server or the system, at the end, are not ours.
        Assert.Contains(CodeSpans, quoted => quoted.StartsWith("Redis at localhost:6379 ", StringComparison.Ordinal) && message.StartsWith(quoted, StringComparison.Ordinal));
    }

    /// <summary>The first two columns of the table whose first heading is that.</summary>
    private static Dictionary<string, string> ReadTable(string heading)
    {
        var rows = Readme.Document.Descendants<Table>().Select(table => table.OfType<TableRow>().Select(row => row.Select(TextOf).ToList()).ToList())
            .Single(table => table[0][0] == heading);
        return rows.Skip(1).ToDictionary(row => row[0], row => row[1]);
    }

    private static string TextOf(Block cell) => string.Concat(cell.Descendants<LeafInline>().Select(inline => inline switch
    {
        CodeInline code => code.Content,
        _ => inline.ToString(),
    }));

    [GeneratedRegex(@"^(?:distributed_mutex|DistributedMutex)\.")]
    private static partial Regex TelemetryName();
}
