namespace DistributedMutex;

/// <summary>
/// How often, and for how long, to ask for a lock that a foreign client holds. A lock that another instance of this library
/// holds is handed over when its turn comes: nobody asks for it, and no strategy applies.
/// </summary>
public sealed class RetryStrategy
{
    private readonly TimeSpan _first;
    private readonly TimeSpan _longest;
    private readonly int _limit;

    private RetryStrategy(TimeSpan first, TimeSpan longest, int limit) => (_first, _longest, _limit) = (first, longest, limit);

    /// <summary>Never again: the call ends without the lock if a foreign client holds it.</summary>
    public static RetryStrategy None { get; } = new(TimeSpan.Zero, TimeSpan.Zero, 0);

    /// <summary>Every <paramref name="interval"/>, until the wait is over.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="interval"/> is zero or negative.</exception>
    public static RetryStrategy Linear(TimeSpan interval)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        return new RetryStrategy(interval, interval, int.MaxValue);
    }

    /// <summary>After <paramref name="first"/>, then twice that, and so on, but no longer than <paramref name="longest"/>, until the wait is over.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="first"/> is zero or negative, or greater than <paramref name="longest"/>.</exception>
    public static RetryStrategy Exponential(TimeSpan first, TimeSpan longest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(first, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, first);
        return new RetryStrategy(first, longest, int.MaxValue);
    }

    /// <summary>The same, but no more than so many times: then the call ends without the lock.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="retries"/> is negative.</exception>
    public RetryStrategy Limit(int retries)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(retries);
        return new RetryStrategy(_first, _longest, Math.Min(retries, _limit));
    }

    /// <summary>How long to wait before so many retries and one more; null: no more.</summary>
    internal TimeSpan? Pause(int retries)
    {
        if (retries >= _limit)
        {
            return null;
        }

        // As a number, since it may be more than a time span takes.
        var ticks = _first.Ticks * Math.Pow(2, Math.Min(retries, 60));
        return ticks < _longest.Ticks ? TimeSpan.FromTicks((long)ticks) : _longest;
    }
}
