using System.Runtime.CompilerServices;

namespace DistributedMutex.Protocol;

internal static class Reply
{
    /// <summary>
    /// Leaves the thread that we are on. 1.x of the client completes tasks on the thread that reads the replies: a caller that
    /// blocked there would stop the client, renewals and all. To be awaited before anything returns to a caller.
    /// </summary>
    public static ConfiguredTaskAwaitable OffTheClientsThread() => Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    /// <summary>
    /// Waits for a reply that may never come. When the wait ends first, a failure of the reply is nobody's any more, and must
    /// not be reported as an unobserved exception.
    /// </summary>
    public static async Task<T> Within<T>(this Task<T> reply, TimeSpan timeout, TimeProvider clock, CancellationToken cancellationToken)
    {
        try
        {
            return await reply.WaitAsync(timeout, clock, cancellationToken).ConfigureAwait(false);
        }
        catch when (!reply.IsCompleted)
        {
            _ = reply.ContinueWith(
                static failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw;
        }
    }
}
