namespace DistributedMutex.Protocol;

internal static class Reply
{
    /// <summary>
    /// Waits for a reply that may never come. When the wait ends first, a failure of the reply is nobody's any more, and must
    /// not be reported as an unobserved exception.
    /// </summary>
    public static Task<T> Within<T>(this Task<T> reply, TimeSpan timeout, TimeProvider clock, CancellationToken cancellationToken)
    {
        _ = reply.ContinueWith(
            static failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return reply.WaitAsync(timeout, clock, cancellationToken);
    }

    /// <summary>
    /// The same reply, its continuations on the pool: 1.x of the client completes tasks on the thread that reads the
    /// replies, and a caller that blocked there would stop the client, renewals and all.
    /// </summary>
    public static Task<T> OffTheClientsThread<T>(this Task<T> reply) =>
        reply.ContinueWith(static done => done, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Unwrap();

    /// <inheritdoc cref="OffTheClientsThread{T}"/>
    public static Task OffTheClientsThread(this Task reply) =>
        reply.ContinueWith(static done => done, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Unwrap();
}
