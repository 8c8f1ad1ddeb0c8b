using System.Security;
using System.Xml.Linq;

namespace DistributedMutex.Workshop.Pictures;

/// <summary>
/// How a notebook renders a <see cref="Picture"/>: as an image in HTML, which every host shows; as SVG, which some pages strip
/// of all that it draws (nbconvert's, where Debian builds it); and as text where neither can be shown.
/// </summary>
internal sealed class PictureFormatters
{
    public const string Html = "text/html";

    public const string Svg = "image/svg+xml";

    public const string Text = "text/plain";

#pragma warning disable CA1822 // Called by its name, on an instance.
    public IEnumerable<object> CreateTypeFormatters() =>
        [new Formatter(Html, ToHtml), new Formatter(Svg, picture => picture.ToSvg()), new Formatter(Text, picture => picture.ToString())];
#pragma warning restore CA1822

    // Escaped, not as base64: a change is still to be seen in a diff.
    private static string ToHtml(Picture picture)
    {
        var svg = picture.ToSvg();
        var words = XElement.Parse(svg).Elements().Where(element => element.Name.LocalName is "title" or "desc").Select(element => element.Value);
        return $"""<img alt="{SecurityElement.Escape(string.Join(". ", words))}" src="data:image/svg+xml,{Uri.EscapeDataString(svg)}"/>""";
    }

    private sealed class Formatter(string mimeType, Func<Picture, string> render)
    {
        public string MimeType => mimeType;

        public bool Format(object value, TextWriter writer)
        {
            if (value is not Picture picture)
            {
                return false;
            }

            writer.Write(render(picture));
            return true;
        }
    }
}
