namespace DistributedMutex.Protocol;

/// <summary>Arithmetic on the timestamps of a <see cref="TimeProvider"/>.</summary>
internal static class Clock
{
    private static readonly TimeSpan LeastDrift = TimeSpan.FromMilliseconds(20);

    /// <summary>The timestamp that much later; far enough in the future it is the end of time.</summary>
    public static long Later(this TimeProvider clock, long timestamp, TimeSpan by)
    {
        var ticks = by.TotalSeconds * clock.TimestampFrequency;
        return ticks > long.MaxValue - (double)timestamp ? long.MaxValue : timestamp + (long)ticks;
    }

    /// <summary>The time left until a timestamp; negative if it has passed.</summary>
    public static TimeSpan Until(this TimeProvider clock, long timestamp) => clock.GetElapsedTime(clock.GetTimestamp(), timestamp);

    /// <summary>
    /// What can be relied on of a lease: clocks of two machines run at different speeds (1 % is Redlock's margin), and
    /// a short lease must also survive a late timer. Never more than half of it is given up.
    /// </summary>
    public static TimeSpan LessDrift(this TimeSpan lease)
    {
        var drift = lease / 100 > LeastDrift ? lease / 100 : LeastDrift;
        return lease - (drift < lease / 2 ? drift : lease / 2);
    }
}
