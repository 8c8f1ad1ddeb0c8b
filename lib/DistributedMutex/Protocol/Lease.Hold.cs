using System.Diagnostics;
using DistributedMutex.Diagnostics;

namespace DistributedMutex.Protocol;

/// <content>
/// What is told of its holder: from the moment that a caller is given the lock to that of its release or loss, whichever
/// comes first. A lease that no caller was given has no holder.
/// </content>
internal sealed partial class Lease
{
    private Activity? _holdSpan;
    private bool _holdCounted;
    private long _heldSince;
    private int _hold;

    private enum Hold
    {
        None,
        Begun,
        Over,
    }

    /// <summary>A caller is about to be given the lock, after so long; called once, in the caller's flow.</summary>
    public void BeginHold(TimeSpan waited)
    {
        Log.Acquired(Book.Logger, Resource, waited.TotalMilliseconds, Fence);
        _heldSince = Clock.GetTimestamp();
        _holdSpan = Telemetry.Start(Telemetry.HoldSpan, Resource, Fence);
        _holdCounted = Telemetry.CountIn(Telemetry.Held);
        Volatile.Write(ref _hold, (int)Hold.Begun);
        bool held;
        lock (_gate)
        {
            held = _state == State.Held;
        }

        if (!held)
        {
            EndHold(State.Lost, _heldSince);
        }
    }

    /// <summary>The holder has released the lock, lost it, or could not release it, at that time.</summary>
    private void EndHold(State how, long at)
    {
        if (Interlocked.CompareExchange(ref _hold, (int)Hold.Over, (int)Hold.Begun) != (int)Hold.Begun)
        {
            return;
        }

        var held = Clock.GetElapsedTime(_heldSince, at);
        var outcome = how == State.Released ? Telemetry.Released : Telemetry.Lost;
        if (_holdSpan is { } span)
        {
            if (how != State.Released)
            {
                span.SetStatus(ActivityStatusCode.Error, how == State.Lost ? "The lock was lost while it was held." : "The lock could not be released.");
            }

            // Not now: whoever has the lock next may have it already, and the two did not hold at the same time.
#pragma warning disable RS0030 // The start of an activity is of the system's clock, so its end is, too.
            Telemetry.Stop(span, outcome, DateTime.UtcNow - Clock.GetElapsedTime(at));
#pragma warning restore RS0030
        }

        Telemetry.CountOut(Telemetry.Held, _holdCounted);
        Telemetry.Record(Telemetry.HoldDuration, held, outcome);
        if (how != State.Released)
        {
            Telemetry.CountLost();
        }

        // A release that failed is its caller's to log.
        if (how == State.Released)
        {
            Log.Released(Book.Logger, Resource, held.TotalMilliseconds);
        }
        else if (how == State.Lost)
        {
            Log.LockLost(Book.Logger, Resource, held.TotalMilliseconds);
        }
    }
}
