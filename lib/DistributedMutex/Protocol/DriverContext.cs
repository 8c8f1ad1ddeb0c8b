using Microsoft.Extensions.Logging;

namespace DistributedMutex.Protocol;

/// <summary>What the drivers of one instance have in common.</summary>
/// <param name="Protocol">How Redis is spoken to.</param>
/// <param name="Mailbox">Where grants arrive.</param>
/// <param name="Line">What their lines have in common.</param>
/// <param name="KeyPrefix">What the keys begin with.</param>
/// <param name="Time">The clock for deadlines, waits and renewals.</param>
/// <param name="Logger">Where to log.</param>
/// <param name="Calls">What is under way, background work included.</param>
/// <param name="MayKeep">Whether a driver that nobody needs now may be kept for the next caller.</param>
/// <param name="Forget">Called with a driver when nobody needs it any more.</param>
internal sealed record DriverContext(
    LockProtocol Protocol, Mailbox Mailbox, LineOptions Line, string KeyPrefix, TimeProvider Time, ILogger Logger, CallCounter Calls, Func<bool> MayKeep, Action<Driver> Forget)
{
    /// <summary>What is held, and how.</summary>
    public LockKind Kind { get; init; } = LockKind.Mutex;

    /// <summary>Who sees to the grants that a driver's release has led to, if not itself.</summary>
    public Func<Driver, Driver>? WatcherOf { get; init; }

    /// <summary>How long to wait for a reply that may never come: no less than the connection does, which tells why.</summary>
    public TimeSpan Limit => Mailbox.ReplyTimeout + TimeSpan.FromSeconds(1.5);

    /// <summary>The same, but no longer than until a moment. Infinite where the connection gives up earlier.</summary>
    public TimeSpan LimitUntil(TimeSpan moment, TimeSpan now) => moment.Later(-now) <= Limit ? Clock.Until(moment, now) : Timeout.InfiniteTimeSpan;
}
