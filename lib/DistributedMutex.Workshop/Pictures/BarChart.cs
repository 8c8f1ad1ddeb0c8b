using System.Collections;
using System.Globalization;
using DistributedMutex.Workshop.Pictures;

namespace DistributedMutex.Workshop;

/// <summary>A few figures side by side: <c>new BarChart("Lost updates", "updates") { { "no lock", 38 }, { "lock", 0 } }</c>.</summary>
/// <param name="title">What the figures are.</param>
/// <param name="unit">What they are counted in; may be empty.</param>
[TypeFormatterSource(typeof(PictureFormatters), PreferredMimeTypes = [PictureFormatters.Html, PictureFormatters.Svg, PictureFormatters.Text])]
public sealed class BarChart(string title, string unit = "") : Picture, IEnumerable<KeyValuePair<string, double>>
{
    private const int Columns = 40;

    private readonly List<KeyValuePair<string, double>> _bars = [];

    /// <summary>Adds a bar below the others.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or not a number.</exception>
    public void Add(string label, double value)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(value >= 0 && double.IsFinite(value), true, nameof(value));
        _bars.Add(KeyValuePair.Create(label, value));
    }

    /// <summary>The bars from the top.</summary>
    public IEnumerator<KeyValuePair<string, double>> GetEnumerator() => _bars.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public override string ToSvg()
    {
        const int Top = 34, Row = 28;
        var svg = new SvgDocument();
        var left = _bars.Select(bar => SvgDocument.WidthOf(bar.Key)).DefaultIfEmpty().Max() + 20;
        var right = _bars.Select(bar => SvgDocument.WidthOf(Figure(bar.Value))).DefaultIfEmpty().Max() + 16;
        svg.Text(4, 16, title);
        foreach (var (bar, index) in _bars.Select((bar, index) => (bar, index)))
        {
            var y = Top + (index * Row);
            var width = Share(bar.Value) * (SvgDocument.Width - left - right);
            svg.Text(left - 8, y + 13, bar.Key, anchor: "end");
            svg.Rectangle(left, y, Math.Max(width, 1), 18, SvgDocument.Blue);
            svg.Text(left + width + 8, y + 13, Figure(bar.Value));
        }

        return svg.ToString(Top + (_bars.Count * Row), title, string.Join("; ", _bars.Select(bar => $"{bar.Key}: {Figure(bar.Value)}")) + ".");
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var left = _bars.Select(bar => bar.Key.Length).DefaultIfEmpty().Max();
        return string.Join('\n', _bars
            .Select(bar => $"{bar.Key.PadLeft(left)} {new string('█', (int)Math.Round(Share(bar.Value) * Columns))} {Figure(bar.Value)}")
            .Prepend(title));
    }

    private double Share(double value) => value == 0 ? 0 : value / _bars.Max(bar => bar.Value);

    private string Figure(double value) => $"{value.ToString(value < 10 ? "0.##" : "#,0", CultureInfo.InvariantCulture)} {unit}".TrimEnd();
}
