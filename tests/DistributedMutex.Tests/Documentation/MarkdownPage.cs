using DistributedMutex.Workshop;
using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace DistributedMutex.Tests.Documentation;

/// <summary>A Markdown file of this repository, as GitHub reads it. Paths are relative to the repository's root.</summary>
internal sealed class MarkdownPage
{
    private static readonly MarkdownPipeline Pipeline =
        new MarkdownPipelineBuilder().UsePipeTables().UseAutoIdentifiers(AutoIdentifierOptions.GitHub).Build();

    public MarkdownPage(string path)
    {
        Path = path;
        Document = Markdown.Parse(File.ReadAllText(Repository(path)), Pipeline);
    }

    public string Path { get; }

    public MarkdownDocument Document { get; }

    public IReadOnlyList<HeadingBlock> Headings => [.. Document.Descendants<HeadingBlock>()];

    public IEnumerable<string> Anchors => Headings.Select(heading => heading.GetAttributes().Id!);

    public IEnumerable<CodeBlock> CodeBlocks => Document.Descendants<CodeBlock>();

    /// <summary>The targets of all links and pictures, with the line of each.</summary>
    public IEnumerable<(string Target, int Line)> Links =>
        Document.Descendants<LinkInline>().Select(link => (link.Url ?? "", link.Line))
            .Concat(Document.Descendants<AutolinkInline>().Select(link => (link.Url, link.Line)));

    /// <summary>All Markdown files of the repository.</summary>
    public static IEnumerable<string> FindAll() =>
        Directory.EnumerateFiles(Clone.Root, "*.md", new EnumerationOptions { RecurseSubdirectories = true })
            .Select(file => System.IO.Path.GetRelativePath(Clone.Root, file).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(folder => folder is "bin" or "obj" or "node_modules" or "TestResults"))
            .Order(StringComparer.Ordinal);

    public static string Repository(string path) => System.IO.Path.Combine(Clone.Root, path);

    public static string LanguageOf(CodeBlock block) => (block as FencedCodeBlock)?.Info ?? "";

    public static string TextOf(LeafBlock block) => block.Lines.ToString();

    /// <summary>Where a block is, for a message.</summary>
    public string At(MarkdownObject part) => $"{Path}:{part.Line + 1}";
}
