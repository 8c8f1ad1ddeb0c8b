using System.Text;

namespace DistributedMutex.Workshop.Pictures;

/// <summary>Draws a timeline in characters.</summary>
internal static class TimelineText
{
    private const int Columns = 60;

    public static string Draw(Timeline timeline)
    {
        if (timeline.Lanes.Count == 0)
        {
            return TimelineWords.Describe(timeline);
        }

        var text = new StringBuilder();
        var left = timeline.Lanes.Max(lane => lane.Length);
        foreach (var lane in timeline.Lanes)
        {
            text.Append(lane.PadRight(left)).Append(" │").Append(Row(timeline, lane)).Append("│\n");
        }

        text.Append(' ', left).Append(" 0").Append(TimelineWords.Time(timeline.Length).PadLeft(Columns)).Append('\n');
        foreach (var activity in timeline.Spans.Select(span => span.Activity).Distinct().Order())
        {
            text.Append(Fill(activity)).Append(' ').Append(TimelineWords.Of(activity)).Append("   ");
        }

        foreach (var activity in timeline.Spans.Where(span => span.Failed).Select(span => span.Activity).Distinct().Order())
        {
            text.Append(End(activity)).Append(' ').Append(TimelineWords.OfFailure(activity)).Append("   ");
        }

        foreach (var (what, number) in TimelineWords.NumbersOf(timeline))
        {
            text.Append(Mark(number)).Append(' ').Append(what).Append("   ");
        }

        return text.ToString().TrimEnd();
    }

    private static string Row(Timeline timeline, string lane)
    {
        var numbers = TimelineWords.NumbersOf(timeline).ToDictionary();
        var row = new char[Columns];
        Array.Fill(row, ' ');
        var spans = timeline.Spans.Where(span => span.Lane == lane).ToList();
        foreach (var span in spans.OrderBy(span => span.Activity))
        {
            // The column of its end belongs to it: so the shortest is one column wide.
            var (first, last) = (Column(timeline, span.Start), Column(timeline, span.End));
            row.AsSpan(first..(last + 1)).Fill(Fill(span.Activity));
        }

        foreach (var span in spans.Where(span => span.Failed))
        {
            row[Column(timeline, span.End)] = End(span.Activity);
        }

        foreach (var mark in timeline.Marks.Where(mark => mark.Lane == lane))
        {
            // Beside what ended there, not over it.
            var column = Column(timeline, mark.At);
            row[row[column] is '✗' or '×' && column + 1 < Columns ? column + 1 : column] = Mark(numbers[mark.What]);
        }

        return new string(row);
    }

    private static int Column(Timeline timeline, TimeSpan time) =>
        timeline.Length == TimeSpan.Zero ? 0 : Math.Min((int)(time / timeline.Length * Columns), Columns - 1);

    private static char Fill(TimelineActivity activity) => activity switch
    {
        TimelineActivity.Waiting => '░',
        TimelineActivity.Working => '▒',
        _ => '█',
    };

    private static char Mark(int number) => number <= 20 ? (char)('①' + number - 1) : '◆';

    private static char End(TimelineActivity activity) => activity == TimelineActivity.Holding ? '✗' : '×';
}
