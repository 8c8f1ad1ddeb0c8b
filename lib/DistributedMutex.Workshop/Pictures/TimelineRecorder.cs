using System.Diagnostics;
using DistributedMutex.Diagnostics;

namespace DistributedMutex.Workshop.Pictures;

/// <summary>
/// Listens to the activities that the library and the lessons start. It hears only the flow that records: two recordings
/// at the same time do not hear each other.
/// </summary>
internal sealed class TimelineRecorder : IDisposable
{
    public const string MarkName = "DistributedMutex.Workshop.Mark";

    public const string WorkName = "DistributedMutex.Workshop.Work";

    public const string WhatTag = "what";

    /// <summary>The lessons' own activities; the library's come from a source of its own.</summary>
    public static readonly ActivitySource Lessons = new("DistributedMutex.Workshop");

    private static readonly AsyncLocal<TimelineRecorder?> Current = new();

    private static readonly AsyncLocal<string?> Lane = new();

    private readonly Dictionary<Activity, string> _lanes = [];
    private readonly DateTime _start = DateTime.UtcNow;
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly ActivityListener _listener;

    public TimelineRecorder()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Telemetry.Name || source == Lessons,
            Sample = (ref _) => Current.Value == this ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            ActivityStarted = Hear,
        };
        Current.Value = this;
        ActivitySource.AddActivityListener(_listener);
    }

    public static void EnterLane(string name) => Lane.Value = name;

    /// <summary>Stops listening, and says what was heard.</summary>
    public (TimeSpan Length, List<TimelineSpan> Spans, List<TimelineMark> Marks) End()
    {
        var length = Stopwatch.GetElapsedTime(_started);
        Dispose();
        lock (_lanes)
        {
            var spans = new List<TimelineSpan>();
            var marks = new List<TimelineMark>();
            foreach (var (activity, lane) in _lanes)
            {
                var start = Within(activity.StartTimeUtc - _start);
                var what = (string?)activity.GetTagItem(WhatTag) ?? activity.GetTagItem(Telemetry.ResourceTag)?.ToString() ?? "";
                if (activity.OperationName == MarkName)
                {
                    marks.Add(new TimelineMark(lane, what, start));
                }
                else if (ActivityOf(activity.OperationName) is { } kind)
                {
                    var end = activity.IsStopped ? Within(start + activity.Duration) : length;
                    var failed = activity.GetTagItem(Telemetry.OutcomeTag) is Telemetry.TimedOut or Telemetry.Cancelled or Telemetry.Failed or Telemetry.Lost;
                    spans.Add(new TimelineSpan(lane, kind, what, start, end, failed));
                }
            }

            // From the first event to the last: what came before and after is of no interest.
            var first = spans.Select(span => span.Start).Concat(marks.Select(mark => mark.At)).DefaultIfEmpty().Min();
            var last = spans.Select(span => span.End).Concat(marks.Select(mark => mark.At)).DefaultIfEmpty().Max();
            return (
                last - first,
                [.. spans.OrderBy(span => span.Start).Select(span => span with { Start = span.Start - first, End = span.End - first })],
                [.. marks.OrderBy(mark => mark.At).Select(mark => mark with { At = mark.At - first })]);
        }

        TimeSpan Within(TimeSpan time) => time < TimeSpan.Zero ? TimeSpan.Zero : time > length ? length : time;
    }

    public void Dispose()
    {
        _listener.Dispose();
        Current.Value = null;
    }

    private void Hear(Activity activity)
    {
        if (Current.Value == this)
        {
            lock (_lanes)
            {
                _lanes[activity] = Lane.Value ?? Thread.CurrentThread.Name ?? $"Thread {Environment.CurrentManagedThreadId}";
            }
        }
    }

    private static TimelineActivity? ActivityOf(string name) => name switch
    {
        Telemetry.WaitSpan => TimelineActivity.Waiting,
        Telemetry.HoldSpan => TimelineActivity.Holding,
        WorkName => TimelineActivity.Working,
        _ => null,
    };
}
