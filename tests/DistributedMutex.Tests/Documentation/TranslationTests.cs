using System.Text.RegularExpressions;
using Markdig.Extensions.Tables;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace DistributedMutex.Tests.Documentation;

/// <summary>
/// The two READMEs say the same: block by block they have the same form, the same code, the same numbers and the same links.
/// What only a reader can compare, the words between them, is left to the reader.
/// </summary>
[Quick]
public sealed partial class TranslationTests
{
    [Fact]
    public void The_Spanish_README_has_the_same_blocks_in_the_same_order_as_the_English_one()
    {
        var english = Describe(new MarkdownPage("README.md"));
        var spanish = Describe(new MarkdownPage("README.es.md"));
        foreach (var (first, second) in english.Zip(spanish))
        {
            Assert.True(first.Form == second.Form, $"{first.At} and {second.At} differ:\n{first.Form}\n{second.Form}");
        }

        Assert.Equal(english.Count, spanish.Count);
    }

    [Fact]
    public void They_are_in_two_languages()
    {
        var english = new MarkdownPage("README.md").Document.OfType<ParagraphBlock>().Select(PlainText).ToHashSet();
        Assert.DoesNotContain(new MarkdownPage("README.es.md").Document.OfType<ParagraphBlock>().Select(PlainText), text => text.Length > 60 && english.Contains(text));
    }

    private static List<(string At, string Form)> Describe(MarkdownPage page)
    {
        // A heading is known by its place: that is the table of translations.
        var places = page.Anchors.Select((anchor, place) => (anchor, place)).ToDictionary(pair => $"#{pair.anchor}", pair => $"#heading {pair.place + 1}");
        return [.. page.Document.Select(block => (page.At(block), string.Join('\n', DescribeBlock(block, places))))];
    }

    private static IEnumerable<string> DescribeBlock(Block block, Dictionary<string, string> places) => block switch
    {
        CodeBlock code => [$"code {MarkdownPage.LanguageOf(code)}", MarkdownPage.LanguageOf(code) == "mermaid" ? WithoutLabels(MarkdownPage.TextOf(code)) : MarkdownPage.TextOf(code)],
        HeadingBlock heading => [$"heading {heading.Level}", .. DescribeInlines(heading, places)],
        LeafBlock leaf => [leaf.GetType().Name, .. DescribeInlines(leaf, places)],
        TableRow row => [$"row of {row.Count}", .. row.SelectMany(cell => DescribeBlock(cell, places))],
        ContainerBlock container => [$"{container.GetType().Name} of {container.Count}", .. container.SelectMany(inner => DescribeBlock(inner, places))],
        _ => [block.GetType().Name],
    };

    // Sorted: another language puts them in another order.
    private static IEnumerable<string> DescribeInlines(LeafBlock block, Dictionary<string, string> places) =>
        (block.Inline?.Descendants() ?? []).SelectMany(inline => inline switch
        {
            CodeInline code => [$"`{code.Content}`"],
            LinkInline link => [$"link to {places.GetValueOrDefault(link.Url!, Language().Replace(link.Url!, ""))}"],
            AutolinkInline link => [$"link to {link.Url}"],
            LiteralInline text => Number().Matches(text.ToString()).Select(number => number.Value),
            _ => Enumerable.Empty<string>(),
        }).Order(StringComparer.Ordinal);

    private static string PlainText(ParagraphBlock block) =>
        string.Concat(block.Inline!.Descendants<LiteralInline>().Select(text => text.ToString()));

    private static string WithoutLabels(string diagram) => Label().Replace(diagram, "");

    [GeneratedRegex(@"\d+(?:[.,]\d+)*")]
    private static partial Regex Number();

    // What a diagram shows to its readers: "participant A as …", "A->>B: …", "Note over A: …".
    [GeneratedRegex(@"(?<= as |: ).*|(?<=^\s*(?:alt|else|loop|opt|par|and) ).*", RegexOptions.Multiline)]
    private static partial Regex Label();

    // README.md names README.es.md, and the other way round.
    [GeneratedRegex(@"(?<=^README)(?:\.es)?(?=\.md)")]
    private static partial Regex Language();
}
