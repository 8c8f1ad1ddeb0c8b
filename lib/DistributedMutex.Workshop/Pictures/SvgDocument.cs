using System.Globalization;
using System.Security;
using System.Text;

namespace DistributedMutex.Workshop.Pictures;

/// <summary>
/// Writes SVG. All colours are of middle lightness: each has a contrast of at least 3 to 1 on white and on the dark
/// backgrounds of editors, because an SVG cannot know which of them it is shown on.
/// </summary>
internal sealed class SvgDocument
{
    public const string Ink = "#7a7a7a";

    public const string Blue = "#2f74e0";

    public const string Green = "#2f8f46";

    public const string Amber = "#c07a08";

    public const string Red = "#e03c3c";

    public const int Width = 720;

    private const double LetterWidth = 7.4;

    private readonly StringBuilder _body = new();

    public void Rectangle(double x, double y, double width, double height, string fill, string more = "") => _body.Append(
        CultureInfo.InvariantCulture, $"""<rect x="{x:0.#}" y="{y:0.#}" width="{width:0.#}" height="{height:0.#}" rx="2" fill="{fill}"{more}/>""").Append('\n');

    public void Line(double x1, double y1, double x2, double y2, string colour, double thickness = 1, double opacity = 1) => _body.Append(
        CultureInfo.InvariantCulture, $"""<line x1="{x1:0.#}" y1="{y1:0.#}" x2="{x2:0.#}" y2="{y2:0.#}" stroke="{colour}" stroke-width="{thickness}" stroke-opacity="{opacity}"/>""").Append('\n');

    /// <summary>A small number on a disc.</summary>
    public void Number(double x, double y, int number)
    {
        _body.Append(CultureInfo.InvariantCulture, $"""<circle cx="{x:0.#}" cy="{y:0.#}" r="8" fill="{Red}"/>""").Append('\n');
        Text(x, y + 4, number.ToString(CultureInfo.InvariantCulture), "#ffffff", "middle");
    }

    public void Cross(double x, double y, string colour)
    {
        Line(x - 5, y - 5, x + 5, y + 5, colour, 3);
        Line(x - 5, y + 5, x + 5, y - 5, colour, 3);
    }

    public void Text(double x, double y, string text, string colour = Ink, string anchor = "start") => _body.Append(
        CultureInfo.InvariantCulture, $"""<text x="{x:0.#}" y="{y:0.#}" fill="{colour}" text-anchor="{anchor}">{SecurityElement.Escape(text)}</text>""").Append('\n');

    /// <summary>About how wide a text is.</summary>
    public static double WidthOf(string text) => text.Length * LetterWidth;

    public string ToString(double height, string title, string description) => string.Create(CultureInfo.InvariantCulture, $"""
        <svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {Width} {height:0}" width="{Width}" height="{height:0}" font-family="system-ui, sans-serif" font-size="12" font-weight="500">
        <title>{SecurityElement.Escape(title)}</title>
        <desc>{SecurityElement.Escape(description)}</desc>
        {_body}</svg>
        """).ReplaceLineEndings("\n");
}
