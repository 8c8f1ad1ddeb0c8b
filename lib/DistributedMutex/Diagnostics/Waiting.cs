using System.Diagnostics;
using DistributedMutex.Protocol;

namespace DistributedMutex.Diagnostics;

/// <summary>
/// What is told of one call that waits for a lock. A wait that ends without the lock is not logged: its caller is told, and
/// knows whether that is an error.
/// </summary>
internal struct Waiting
{
    private readonly LockKind _kind;
    private readonly Activity? _span;
    private readonly bool _counted;
    private string _outcome = Telemetry.Failed;
    private Exception? _error;

    /// <summary>The call begins; in the caller's flow.</summary>
    public Waiting(string resource, LockKind kind, TimeProvider clock)
    {
        _kind = kind;
        _span = Telemetry.Start(Telemetry.WaitSpan, resource, kind, clock);
        _counted = Telemetry.CountIn(Telemetry.Waiting, kind);
    }

    /// <summary>The call will end with a lock, or without one because its time is over.</summary>
    public Hold? Returns(Hold? hold)
    {
        _outcome = hold is null ? Telemetry.TimedOut : Telemetry.Acquired;
        return hold;
    }

    /// <summary>The call will end because its caller wants it to.</summary>
    public OperationCanceledException Cancelled(OperationCanceledException error)
    {
        _outcome = Telemetry.Cancelled;
        return error;
    }

    /// <summary>The call will end with an exception.</summary>
    public T Fails<T>(T error)
        where T : Exception
    {
        _error = error;
        return error;
    }

    /// <summary>The call ends; in the caller's flow.</summary>
    public readonly void End(TimeSpan waited, TimeProvider clock)
    {
        if (_span is { } span)
        {
            if (_error is not null)
            {
                span.SetTag(Telemetry.ErrorTypeTag, _error.GetType().FullName);
                span.SetStatus(ActivityStatusCode.Error, _error.Message);
            }

            Telemetry.Stop(span, _outcome, clock.GetUtcNow().UtcDateTime);
        }

        Telemetry.CountOut(Telemetry.Waiting, _kind, _counted);
        Telemetry.Record(Telemetry.AcquireDuration, waited, _kind, _outcome);
    }
}
