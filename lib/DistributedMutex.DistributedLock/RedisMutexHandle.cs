using Medallion.Threading;

namespace DistributedMutex.DistributedLock;

internal sealed class RedisMutexHandle(MutexLock held) : IDistributedSynchronizationHandle
{
    public CancellationToken HandleLostToken => held.Lost;

    public static RedisMutexHandle? Of(MutexLock? held) => held is null ? null : new RedisMutexHandle(held);

    public void Dispose() => held.Dispose();

    public ValueTask DisposeAsync() => held.DisposeAsync();
}
