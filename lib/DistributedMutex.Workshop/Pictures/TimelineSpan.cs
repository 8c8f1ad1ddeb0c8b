namespace DistributedMutex.Workshop;

/// <summary>What somebody did for a while.</summary>
public enum TimelineActivity
{
    /// <summary>Waited for a lock.</summary>
    Waiting,

    /// <summary>Worked, with or without a lock.</summary>
    Working,

    /// <summary>Held a lock.</summary>
    Holding,
}

/// <summary>A stretch of a <see cref="Timeline"/>.</summary>
/// <param name="Lane">Who: the name of the thread, or of the lane that was entered.</param>
/// <param name="Activity">What they did.</param>
/// <param name="What">The resource that was waited for or held, or the words given to <see cref="Timeline.Work"/>.</param>
/// <param name="Start">When, from the start of the timeline.</param>
/// <param name="End">When it ended; the end of the timeline if it did not.</param>
/// <param name="Failed">Whether the wait ended without the lock, or the lock was lost.</param>
public sealed record TimelineSpan(string Lane, TimelineActivity Activity, string What, TimeSpan Start, TimeSpan End, bool Failed);

/// <summary>A moment of a <see cref="Timeline"/>.</summary>
public sealed record TimelineMark(string Lane, string What, TimeSpan At);
