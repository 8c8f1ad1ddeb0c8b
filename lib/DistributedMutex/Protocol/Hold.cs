using DistributedMutex.Diagnostics;
using Microsoft.Extensions.Logging;

namespace DistributedMutex.Protocol;

/// <summary>
/// What one caller has: the lock from its grant to its release or loss, with a fence and an end of its own. Callers of one
/// instance that hand the lock over have one <see cref="KeyLease"/> after the other, each for a lease of its own.
/// </summary>
#pragma warning disable CA1001 // _lost has neither timer nor wait handle, and callers may look at its token at any time.
internal sealed class Hold(KeyLease key, long fence, Lock gate, LineOptions options, bool isScope, TimeSpan now)
#pragma warning restore CA1001
{
    private CancellationTokenSource? _lost;
    private bool _abandoned;

    /// <summary>What is told of it to whoever listens.</summary>
    public Holding Telemetry;

    public KeyLease Key => key;

    /// <summary>Its fence; 0 if it wanted none.</summary>
    public long Fence => fence;

    /// <summary>False: it was taken with Lock, and Unlock releases it.</summary>
    public bool IsScope => isScope;

    /// <summary>Guarded by the line's gate, as all that follows.</summary>
    public HoldState State { get; set; }

    /// <summary>Whether it is renewed: as long as its scope lives.</summary>
    public bool Renews { get; private set; }

    /// <summary>Until when it was promised to this caller; the server's lease may last longer, for the next.</summary>
    public TimeSpan OwnEnd { get; private set; } = now.Later(options.FirstLease.LessDrift());

    /// <summary>When it ends whatever is renewed.</summary>
    public TimeSpan LastEnd { get; } = options.MaxHold is { } maxHold ? now.Later(maxHold) : Clock.Never;

    /// <summary>Until when the lock can be relied on.</summary>
    public TimeSpan Deadline => Clock.Earlier(OwnEnd, key.Deadline);

    public CancellationToken Lost
    {
        get
        {
            lock (gate)
            {
                return _lost is null && _abandoned ? new CancellationToken(canceled: true) : (_lost ??= new()).Token;
            }
        }
    }

    public bool IsHeld(TimeSpan at) => State == HoldState.Held && at < Deadline;

    /// <summary>How long the lock can be relied on; zero when it is not held.</summary>
    public TimeSpan Remaining(TimeSpan at)
    {
        lock (gate)
        {
            return IsHeld(at) ? Deadline - at : TimeSpan.Zero;
        }
    }

    /// <summary>That lease, or what is left of the longest that it may be held.</summary>
    public TimeSpan Bound(TimeSpan lease, TimeSpan at) => Clock.Earlier(lease, LastEnd - at);

    /// <summary>How long to ask Redis for, so that the holder has the lock for so long; null if it is not held.</summary>
    public TimeSpan? Extend(TimeSpan lease, TimeSpan at)
    {
        lock (gate)
        {
            if (!IsHeld(at))
            {
                return null;
            }

            var bounded = Bound(lease, at);
            key.Expect(bounded, at);
            return bounded;
        }
    }

    /// <summary>A scope is renewed as long as anybody refers to it.</summary>
    public void Renew(bool renews)
    {
        lock (gate)
        {
            Renews = renews;
        }
    }

    /// <summary>It was renewed, for a lease that began when it was asked for.</summary>
    public void Prolong(TimeSpan asked, TimeSpan lease)
    {
        var end = asked.Later(lease.LessDrift());
        OwnEnd = end > OwnEnd ? end : OwnEnd;
    }

    /// <summary>Tells the holder that the lock can't be relied on any more. On the pool: a callback may block or throw.</summary>
    public void Abandon(ILogger logger, string resource)
    {
        CancellationTokenSource? lost;
        lock (gate)
        {
            _abandoned = true;
            lost = _lost;
        }

        _ = lost?.CancelAsync().ContinueWith(
            failed => Log.LostCallbackThrew(logger, failed.Exception!, resource), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }
}

internal enum HoldState
{
    Held,
    Lost,
    Released,
}
