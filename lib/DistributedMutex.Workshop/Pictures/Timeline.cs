using System.Diagnostics;
using System.Globalization;
using DistributedMutex.Workshop.Pictures;

namespace DistributedMutex.Workshop;

/// <summary>Who waited for a lock, held it and lost it, and when: a lane for each thread. It listens to the library's traces.</summary>
[TypeFormatterSource(typeof(PictureFormatters), PreferredMimeTypes = [PictureFormatters.Html, PictureFormatters.Svg, PictureFormatters.Text])]
public sealed class Timeline : Picture
{
    private static readonly StringComparer NumbersAsNumbers = StringComparer.Create(CultureInfo.InvariantCulture, CompareOptions.NumericOrdering);

    private Timeline(TimelineRecorder recorder)
    {
        (Length, Spans, Marks) = recorder.End();
        Lanes = [.. Spans.Select(span => span.Lane).Concat(Marks.Select(mark => mark.Lane)).Distinct().Order(NumbersAsNumbers)];
    }

    /// <summary>From the first event to the last.</summary>
    public TimeSpan Length { get; }

    /// <summary>Who appears in it, from the top; numbers in names count as numbers.</summary>
    public IReadOnlyList<string> Lanes { get; }

    /// <summary>What they did, by its start.</summary>
    public IReadOnlyList<TimelineSpan> Spans { get; }

    /// <summary>What <see cref="Mark"/> was called for, in order.</summary>
    public IReadOnlyList<TimelineMark> Marks { get; }

    /// <summary>Records what happens until the action ends, in it and in the threads and tasks that it starts.</summary>
    public static Timeline Record(Action action)
    {
        using var recorder = new TimelineRecorder();
        action();
        return new Timeline(recorder);
    }

    /// <inheritdoc cref="Record"/>
    public static async Task<Timeline> RecordAsync(Func<Task> action)
    {
        using var recorder = new TimelineRecorder();
        await action().ConfigureAwait(false);
        return new Timeline(recorder);
    }

    /// <summary>Names the lane of this thread or task from here on, and of what it starts. Without it, the lane is the thread's name.</summary>
    public static void EnterLane(string name) => TimelineRecorder.EnterLane(name);

    /// <summary>Draws a bar in the caller's lane until the result is disposed.</summary>
    public static IDisposable? Work(string what) => Start(TimelineRecorder.WorkName, what);

    /// <summary>Marks a moment in the caller's lane, such as a write to a store.</summary>
    public static void Mark(string what) => Start(TimelineRecorder.MarkName, what)?.Dispose();

    /// <inheritdoc/>
    public override string ToSvg() => TimelineSvg.Draw(this);

    /// <inheritdoc/>
    public override string ToString() => TimelineText.Draw(this);

    private static Activity? Start(string name, string what) =>
        TimelineRecorder.Lessons.StartActivity(name, ActivityKind.Internal, default(ActivityContext), [new(TimelineRecorder.WhatTag, what)]);
}
