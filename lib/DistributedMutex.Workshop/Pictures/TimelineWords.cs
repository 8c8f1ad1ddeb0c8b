using System.Globalization;

namespace DistributedMutex.Workshop.Pictures;

/// <summary>What the pictures of a timeline say in words.</summary>
internal static class TimelineWords
{
    public const string Title = "Timeline";

    private static readonly double[] Steps = [1, 2, 5, 10];

    public static string Of(TimelineActivity activity) => activity switch
    {
        TimelineActivity.Waiting => "waiting",
        TimelineActivity.Working => "working",
        _ => "holding the lock",
    };

    /// <summary>How it ended, if not well.</summary>
    public static string OfFailure(TimelineActivity activity) => activity == TimelineActivity.Holding ? "lost" : "gave up";

    public static string Time(TimeSpan time) => Time(time, time);

    /// <summary>A time in the unit that suits a length.</summary>
    public static string Time(TimeSpan time, TimeSpan length) => length < TimeSpan.FromSeconds(1)
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.##} s");

    /// <summary>The marks have numbers, the same mark the same one, by when it was first made.</summary>
    public static IEnumerable<KeyValuePair<string, int>> NumbersOf(Timeline timeline) =>
        timeline.Marks.Select(mark => mark.What).Distinct().Select((what, index) => KeyValuePair.Create(what, index + 1));

    /// <summary>The picture for those who cannot see it: what happened in each lane, in order.</summary>
    public static string Describe(Timeline timeline) => timeline.Lanes.Count == 0
        ? "Nothing was recorded."
        : string.Join(' ', timeline.Lanes.Select(lane => $"{lane}: {string.Join(", ", Events(timeline, lane).OrderBy(one => one.At).Select(one => one.Text))}."));

    /// <summary>The distance between the marks of the axis: 1, 2 or 5 times a power of ten, so that there are 3 to 8 of them.</summary>
    public static TimeSpan TickOf(TimeSpan length)
    {
        var rough = Math.Max(length.TotalMilliseconds, 1) / 7;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return TimeSpan.FromMilliseconds(power * Steps.First(factor => factor * power >= rough));
    }

    private static IEnumerable<(TimeSpan At, string Text)> Events(Timeline timeline, string lane)
    {
        foreach (var span in timeline.Spans.Where(span => span.Lane == lane))
        {
            yield return (span.Start, $"{Of(span.Activity)} ({span.What}) from {Time(span.Start)} to {Time(span.End)}{(span.Failed ? $", {OfFailure(span.Activity)}" : "")}");
        }

        foreach (var mark in timeline.Marks.Where(mark => mark.Lane == lane))
        {
            yield return (mark.At, $"{mark.What} at {Time(mark.At)}");
        }
    }
}
