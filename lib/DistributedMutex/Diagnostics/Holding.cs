using System.Diagnostics;
using DistributedMutex.Protocol;
using Microsoft.Extensions.Logging;

namespace DistributedMutex.Diagnostics;

/// <summary>
/// What is told of one hold: from the moment that a caller is given the lock to that of its release or loss, whichever comes
/// first. A hold that no caller was given is not told of.
/// </summary>
internal struct Holding
{
    private const int Begun = 1;
    private const int Over = 2;

    private Activity? _span;
    private bool _counted;
    private TimeSpan _since;
    private int _state;

    /// <summary>A caller is about to be given the lock, after so long; called once, in the caller's flow.</summary>
    public void Begin(ILogger logger, string resource, LockKind kind, long fence, TimeSpan waited, TimeProvider clock)
    {
        if (fence == 0)
        {
            Log.AcquiredWithoutFence(logger, resource, waited.TotalMilliseconds);
        }
        else
        {
            Log.Acquired(logger, resource, waited.TotalMilliseconds, fence);
        }

        _since = clock.Now();
        _span = Telemetry.Start(Telemetry.HoldSpan, resource, kind, clock, fence == 0 ? null : fence);
        _counted = Telemetry.CountIn(Telemetry.Held, kind);
        Volatile.Write(ref _state, Begun);
    }

    /// <summary>
    /// The lock was released or lost at that moment, or why it could not be released. The span does not end now: whoever has
    /// the lock next may have it already, and the two did not hold at the same time.
    /// </summary>
    public void End(ILogger logger, string resource, LockKind kind, HoldEnd how, TimeSpan at, TimeProvider clock)
    {
        if (Interlocked.CompareExchange(ref _state, Over, Begun) != Begun)
        {
            return;
        }

        var held = at > _since ? at - _since : TimeSpan.Zero;
        var outcome = how == HoldEnd.Released ? Telemetry.Released : Telemetry.Lost;
        if (_span is { } span)
        {
            if (how != HoldEnd.Released)
            {
                span.SetStatus(ActivityStatusCode.Error, how == HoldEnd.Lost ? "The lock was lost while it was held." : "The lock could not be released.");
            }

            Telemetry.Stop(span, outcome, clock.GetUtcNow().UtcDateTime - (clock.Now() - at));
        }

        Telemetry.CountOut(Telemetry.Held, kind, _counted);
        Telemetry.Record(Telemetry.HoldDuration, held, kind, outcome);
        switch (how)
        {
            case HoldEnd.Released:
                Log.Released(logger, resource, held.TotalMilliseconds);
                break;
            case HoldEnd.Lost:
                Telemetry.CountLost(kind);
                Log.LockLost(logger, resource, held.TotalMilliseconds);
                break;
            default:
                // A release that failed is its caller's to log.
                Telemetry.CountLost(kind);
                break;
        }
    }
}

internal enum HoldEnd
{
    Released,
    Lost,
    ReleaseFailed,
}
