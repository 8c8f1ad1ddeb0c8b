namespace DistributedMutex.Protocol;

/// <summary>Moments of a <see cref="TimeProvider"/>, as the time since a beginning that does not matter, and arithmetic that never overflows.</summary>
internal static class Clock
{
    /// <summary>A moment that never comes.</summary>
    public static readonly TimeSpan Never = TimeSpan.MaxValue;

    /// <summary>Timers take no more than 49 days; one that rings early is set again.</summary>
    public static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    /// <summary>A hundred years: servers add a lease to the date, and not all can count further than to the year 9999.</summary>
    public static readonly TimeSpan LongestLease = TimeSpan.FromDays(36_525);

    private static readonly TimeSpan LeastDrift = TimeSpan.FromMilliseconds(20);

    /// <summary>The moment that is now; exact, which the framework's arithmetic is not for a clock that began long ago.</summary>
    public static TimeSpan Now(this TimeProvider clock)
    {
        var (seconds, rest) = Math.DivRem(clock.GetTimestamp(), clock.TimestampFrequency);
        return new TimeSpan((seconds * TimeSpan.TicksPerSecond) + (rest * TimeSpan.TicksPerSecond / clock.TimestampFrequency));
    }

    /// <summary>The moment that much later, or never.</summary>
    public static TimeSpan Later(this TimeSpan moment, TimeSpan by) => by < Never - moment ? moment + by : Never;

    public static TimeSpan Earlier(TimeSpan one, TimeSpan other) => one < other ? one : other;

    public static TimeSpan LaterOf(TimeSpan one, TimeSpan other) => one > other ? one : other;

    /// <summary>The time until a moment as timers take it: none if it has passed, a day if it is far away.</summary>
    public static TimeSpan Until(TimeSpan moment, TimeSpan now) =>
        moment <= now ? TimeSpan.Zero : Earlier(moment - now, LongestTimer);

    /// <summary>
    /// What can be relied on of a lease: clocks of two machines run at different speeds (1 % is Redlock's margin), and
    /// a short lease must also survive a late timer. Never more than half of it is given up.
    /// </summary>
    public static TimeSpan LessDrift(this TimeSpan lease)
    {
        var drift = lease / 100 > LeastDrift ? lease / 100 : LeastDrift;
        return lease - Earlier(drift, lease / 2);
    }
}
