using Microsoft.Extensions.Logging;

namespace DistributedMutex.Diagnostics;

/// <summary>
/// Everything that the library logs. Ids and names stay: applications filter by them. The mutex and its locks log what nobody
/// else can know; calls that fail tell their caller, and only the service (<see cref="Services.ServiceMutex"/>) logs that too.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "Could not release the lock {Resource}; trying again until it is answered, and its lease frees it in any case")]
    public static partial void ReleaseFailed(ILogger logger, Exception exception, string resource);

    [LoggerMessage(2, LogLevel.Warning, "The lock {Resource} was lost after it had been held for {HeldMilliseconds:0.###} ms")]
    public static partial void LockLost(ILogger logger, string resource, double heldMilliseconds);

    [LoggerMessage(3, LogLevel.Debug, "Could not renew the lock {Resource}; trying again until its lease ends")]
    public static partial void RenewalFailed(ILogger logger, Exception exception, string resource);

    [LoggerMessage(4, LogLevel.Debug, "Could not ask for the lock {Resource}; trying again until the wait is over")]
    public static partial void AcquireFailed(ILogger logger, Exception exception, string resource);

    [LoggerMessage(5, LogLevel.Error, "A callback on the loss of the lock {Resource} threw")]
    public static partial void LostCallbackThrew(ILogger logger, Exception exception, string resource);

    [LoggerMessage(6, LogLevel.Debug, "Acquired the lock {Resource} after {WaitedMilliseconds:0.###} ms, with fence {Fence}")]
    public static partial void Acquired(ILogger logger, string resource, double waitedMilliseconds, long fence);

    [LoggerMessage(7, LogLevel.Debug, "Released the lock {Resource} after {HeldMilliseconds:0.###} ms")]
    public static partial void Released(ILogger logger, string resource, double heldMilliseconds);

    [LoggerMessage(8, LogLevel.Error, "Gave up waiting for the lock {Resource}")]
    public static partial void TimedOut(ILogger logger, Exception exception, string resource);

    [LoggerMessage(9, LogLevel.Error, "Could not acquire the lock {Resource}")]
    public static partial void NotAcquired(ILogger logger, Exception exception, string resource);

    [LoggerMessage(10, LogLevel.Warning, "The lock {Resource} is not held by who releases it")]
    public static partial void NotHeld(ILogger logger, string resource);

    [LoggerMessage(11, LogLevel.Warning, "Redis or the connection allows no subscription, so grants are not heard: callers that wait for a lock ask for it every Retry, in no order")]
    public static partial void NoSubscription(ILogger logger, Exception exception);

    [LoggerMessage(12, LogLevel.Debug, "Acquired the lock {Resource} after {WaitedMilliseconds:0.###} ms", EventName = nameof(Acquired))]
    public static partial void AcquiredWithoutFence(ILogger logger, string resource, double waitedMilliseconds);
}
