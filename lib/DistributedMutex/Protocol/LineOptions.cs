namespace DistributedMutex.Protocol;

/// <summary>What the lines of one instance have in common.</summary>
/// <param name="Lease">The lease that renewals ask for.</param>
/// <param name="MaxHold">The longest that one caller holds, if that has a bound.</param>
/// <param name="NewToken">Makes an owner token.</param>
internal sealed record LineOptions(TimeSpan Lease, TimeSpan? MaxHold, Func<string> NewToken)
{
    /// <summary>The lease that is asked for: no longer than the lock may be held.</summary>
    public TimeSpan FirstLease { get; } = MaxHold is { } maxHold ? Clock.Earlier(maxHold, Lease) : Lease;
}
