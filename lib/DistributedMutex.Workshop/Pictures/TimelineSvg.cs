namespace DistributedMutex.Workshop.Pictures;

/// <summary>Draws a timeline as SVG: a lane for each thread, time from left to right.</summary>
internal static class TimelineSvg
{
    private const int Top = 36;

    private const int Legend = 14;

    private const int LegendRow = 22;

    private const int Margin = 4;

    private const int Row = 30;

    public static string Draw(Timeline timeline)
    {
        var svg = new SvgDocument();
        var left = timeline.Lanes.Select(SvgDocument.WidthOf).DefaultIfEmpty().Max() + Margin + 12;
        var top = Top + (DrawLegend(svg, timeline) * LegendRow);
        var bottom = top + (timeline.Lanes.Count * Row);
        var numbers = TimelineWords.NumbersOf(timeline).ToDictionary();
        DrawAxis(svg, timeline, X, top, bottom);
        foreach (var (lane, index) in timeline.Lanes.Select((lane, index) => (lane, index)))
        {
            var middle = top + (index * Row) + (Row / 2);
            svg.Text(Margin, middle + 4, lane);
            foreach (var span in timeline.Spans.Where(span => span.Lane == lane).OrderByDescending(span => Height(span.Activity)))
            {
                DrawSpan(svg, span, X(span.Start), X(span.End), middle);
            }

            foreach (var mark in timeline.Marks.Where(mark => mark.Lane == lane))
            {
                // Beside what ended there, not over it.
                var x = X(mark.At);
                var covers = timeline.Spans.Any(span => span.Failed && span.Lane == lane && Math.Abs(X(span.End) - x) < 10);
                svg.Number(covers ? x + 14 : x, middle, numbers[mark.What]);
            }
        }

        return svg.ToString(bottom + 22, TimelineWords.Title, TimelineWords.Describe(timeline));

        double X(TimeSpan time) => left + (timeline.Length == TimeSpan.Zero ? 0 : time / timeline.Length * (SvgDocument.Width - left - 24));
    }

    private static void DrawAxis(SvgDocument svg, Timeline timeline, Func<TimeSpan, double> x, double top, double bottom)
    {
        var tick = TimelineWords.TickOf(timeline.Length);
        for (var time = TimeSpan.Zero; time <= timeline.Length; time += tick)
        {
            svg.Line(x(time), top, x(time), bottom, SvgDocument.Ink, opacity: 0.35);
            svg.Text(x(time), bottom + 15, TimelineWords.Time(time, timeline.Length), anchor: "middle");
        }
    }

    /// <summary>Draws what the signs mean, in as many rows as it takes, and returns how many more than one.</summary>
    private static int DrawLegend(SvgDocument svg, Timeline timeline)
    {
        double x = Margin;
        var row = 0;
        foreach (var activity in timeline.Spans.Select(span => span.Activity).Distinct().Order())
        {
            Entry(28, TimelineWords.Of(activity), (x, y) => DrawBar(svg, activity, x, x + 22, y));
        }

        foreach (var activity in timeline.Spans.Where(span => span.Failed).Select(span => span.Activity).Distinct().Order())
        {
            Entry(16, TimelineWords.OfFailure(activity), (x, y) => svg.Cross(x + 6, y, EndColour(activity)));
        }

        foreach (var (what, number) in TimelineWords.NumbersOf(timeline))
        {
            Entry(20, what, (x, y) => svg.Number(x + 8, y, number));
        }

        return row;

        void Entry(double gap, string text, Action<double, double> drawSign)
        {
            var width = gap + SvgDocument.WidthOf(text);
            if (x > Margin && x + width > SvgDocument.Width)
            {
                (x, row) = (Margin, row + 1);
            }

            var y = Legend + (row * LegendRow);
            drawSign(x, y);
            svg.Text(x + gap, y + 4, text);
            x += width + 20;
        }
    }

    private static void DrawSpan(SvgDocument svg, TimelineSpan span, double from, double to, double middle)
    {
        DrawBar(svg, span.Activity, from, to, middle);
        if (span.Activity == TimelineActivity.Working && SvgDocument.WidthOf(span.What) + 6 < to - from)
        {
            svg.Text((from + to) / 2, middle + 4, span.What, "#ffffff", "middle");
        }

        if (span.Failed)
        {
            svg.Cross(to, middle, EndColour(span.Activity));
        }
    }

    // The shortest is still to be seen: it happened. Waiting is drawn as an outline, so that no colour need be told apart.
    private static void DrawBar(SvgDocument svg, TimelineActivity activity, double from, double to, double middle)
    {
        var height = Height(activity);
        var width = Math.Max(to - from, 2);
        if (activity == TimelineActivity.Waiting)
        {
            svg.Rectangle(from, middle - (height / 2), width, height, SvgDocument.Amber, $""" fill-opacity="0.25" stroke="{SvgDocument.Amber}" stroke-width="1.5" stroke-dasharray="3 2" """.TrimEnd());
        }
        else
        {
            svg.Rectangle(from, middle - (height / 2), width, height, activity == TimelineActivity.Holding ? SvgDocument.Blue : SvgDocument.Green);
        }
    }

    private static double Height(TimelineActivity activity) => activity switch
    {
        TimelineActivity.Waiting => 10,
        TimelineActivity.Working => 14,
        _ => 22,
    };

    private static string EndColour(TimelineActivity activity) => activity == TimelineActivity.Holding ? SvgDocument.Red : SvgDocument.Amber;
}
