using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace DistributedMutex.Tests.Documentation;

/// <summary>Every link in every Markdown file leads somewhere. Only the form of those that leave the repository is checked.</summary>
[Quick]
public sealed class LinkTests
{
    public static TheoryData<string> Pages => [.. MarkdownPage.FindAll()];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_lead_to_files_and_headings_that_exist(string path)
    {
        var page = new MarkdownPage(path);
        var broken = page.Links.Select(link => (link.Line, Reason: FindFault(page, link.Target)))
            .Where(link => link.Reason is not null)
            .Select(link => $"{path}:{link.Line + 1}: {link.Reason}")
            .Concat(page.Document.Descendants<HtmlBlock>().Where(html => html.Type != HtmlBlockType.Comment).Select(html => $"{page.At(html)}: HTML, whose links are not checked"))
            .Concat(page.Document.Descendants<HtmlInline>().Select(html => $"{page.At(html)}: HTML, whose links are not checked"));
        Assert.True(!broken.Any(), string.Join('\n', broken));
    }

    [Fact]
    public void A_link_that_leads_nowhere_is_found()
    {
        var page = new MarkdownPage("README.md");
        Assert.Null(FindFault(page, "LICENSE"));
        Assert.Null(FindFault(page, $"#{page.Anchors.Last()}"));
        Assert.Null(FindFault(page, $"README.md#{page.Anchors.Last()}"));
        Assert.All(
            ["", "no-such-file", "license", "lib/../LICENSE#top", "#no-such-heading", "README.md#no-such-heading", "/LICENSE", "../somewhere", "http://example.org/", "https:///x", "ftp://example.org/"],
            target => Assert.NotNull(FindFault(page, target)));
    }

    /// <summary>Why a link leads nowhere; null if it leads somewhere.</summary>
    private static string? FindFault(MarkdownPage page, string target)
    {
        if (target.Contains(':', StringComparison.Ordinal))
        {
            return Uri.TryCreate(target, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && uri.Host.Contains('.', StringComparison.Ordinal)
                ? null
                : $"{target} is not an https address";
        }

        var (path, anchor) = target.Split('#', 2) is [var before, var after] ? (before, after) : (target, null);
        if (path.Length == 0 && anchor is null)
        {
            return "the link is empty";
        }

        var file = path.Length == 0 ? page.Path : Path.Join(Path.GetDirectoryName(page.Path), Uri.UnescapeDataString(path)).Replace('\\', '/');
        if (path.StartsWith('/') || !ExistsAsWritten(file))
        {
            return $"{path} does not exist";
        }

        return anchor is null ? null
            : !file.EndsWith(".md", StringComparison.Ordinal) ? $"{target} names a heading of a file that is not Markdown"
            : new MarkdownPage(file).Anchors.Contains(Uri.UnescapeDataString(anchor)) ? null
            : $"{file} has no heading #{anchor}";
    }

    // Letter by letter: some file systems do not tell LICENSE from license, GitHub does.
    private static bool ExistsAsWritten(string path)
    {
        var root = MarkdownPage.Repository("");
        var full = Path.GetFullPath(MarkdownPage.Repository(path)).TrimEnd(Path.DirectorySeparatorChar);
        if (!full.StartsWith(root, StringComparison.Ordinal))
        {
            return full == root.TrimEnd(Path.DirectorySeparatorChar);
        }

        var folder = root;
        foreach (var name in Path.GetRelativePath(root, full).Split(Path.DirectorySeparatorChar))
        {
            if (!new DirectoryInfo(folder).EnumerateFileSystemInfos().Any(entry => entry.Name == name))
            {
                return false;
            }

            folder = Path.Combine(folder, name);
        }

        return true;
    }
}
