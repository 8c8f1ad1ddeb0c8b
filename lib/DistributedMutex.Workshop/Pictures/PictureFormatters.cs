namespace DistributedMutex.Workshop.Pictures;

/// <summary>How a notebook renders a <see cref="Picture"/>: as SVG, and as text where that cannot be shown.</summary>
internal sealed class PictureFormatters
{
    public const string Svg = "image/svg+xml";

    public const string Text = "text/plain";

#pragma warning disable CA1822 // Called by its name, on an instance.
    public IEnumerable<object> CreateTypeFormatters() =>
        [new Formatter(Svg, picture => picture.ToSvg()), new Formatter(Text, picture => picture.ToString())];
#pragma warning restore CA1822

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
