namespace DistributedMutex.Protocol;

internal static class Reply
{
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
