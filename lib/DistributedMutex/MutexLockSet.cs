using DistributedMutex.Protocol;

namespace DistributedMutex;

/// <summary>Several locks that are held together: each renewed while this object lives, all released by disposing it.</summary>
public sealed class MutexLockSet : IDisposable, IAsyncDisposable
{
    private MutexLockSet(IReadOnlyList<MutexLock> locks, CancellationToken lost) => (Locks, Lost) = (locks, lost);

    /// <summary>One lock for each resource, in the order in which they were taken, which is that of the resources' names (ordinal).</summary>
    public IReadOnlyList<MutexLock> Locks { get; }

    /// <summary>Whether all are held and can be relied on now.</summary>
    public bool IsHeld => Locks.All(held => held.IsHeld);

    /// <summary>Cancelled the moment one of them can no longer be relied on; not by releasing them. The others are held until they are released.</summary>
    public CancellationToken Lost { get; }

    /// <summary>Releases all, once. False: at least one was not held any more, by expiry or by an earlier release.</summary>
    /// <exception cref="StackExchange.Redis.RedisException">Redis cannot be asked for one at least; it is asked again in the background until it answers or the lease is over.</exception>
    /// <exception cref="TimeoutException">Redis did not answer; likewise.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled: before the releases began, and the locks are held as before, or the outcome is unknown; likewise.</exception>
    public async Task<bool> ReleaseAsync(CancellationToken cancellationToken = default) =>
        !(await Task.WhenAll(Locks.Select(held => held.ReleaseAsync(cancellationToken))).ConfigureAwait(false)).Contains(false);

    /// <summary>Releases those that are held. Never throws: a failure is logged, and repeated in the background until Redis answers or the lease is over.</summary>
    public void Dispose()
    {
        foreach (var held in Locks)
        {
            held.Dispose();
        }
    }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync() => DisposeAsync(Locks);

    /// <summary>
    /// Takes one after the other, all in the same order wherever they are called for: two callers that want the same locks can't
    /// have half of them each. Whatever ends it early, what was taken is released.
    /// </summary>
    internal static async Task<MutexLockSet> AcquireAsync(
        RedisMutex mutex, SortedSet<string> resources, TimeSpan wait, TimeProvider clock, CancellationToken cancellationToken)
    {
        var started = clock.Now();
        var locks = new List<MutexLock>(resources.Count);
#pragma warning disable CA2000 // The set's Lost, which may be looked at when all is over: it has neither timer nor wait handle.
        var lost = new CancellationTokenSource();
#pragma warning restore CA2000
        using var either = CancellationTokenSource.CreateLinkedTokenSource(lost.Token, cancellationToken);
        try
        {
            foreach (var resource in resources)
            {
                var left = wait == Timeout.InfiniteTimeSpan ? wait : Clock.LaterOf(started.Later(wait) - clock.Now(), TimeSpan.Zero);
                var held = await mutex.AcquireAsync(resource, left, cancellationToken: either.Token).ConfigureAwait(false);
                locks.Add(held);

                // Not the set, nor its locks: who drops them without disposing of them is not to keep them by this.
                held.Lost.UnsafeRegister(static lost => ((CancellationTokenSource)lost!).Cancel(), lost);
            }

            either.Token.ThrowIfCancellationRequested();
            return new MutexLockSet(locks, lost.Token);
        }
        catch (Exception e)
        {
            var gone = locks.Find(held => held.Lost.IsCancellationRequested);
            await DisposeAsync(locks).ConfigureAwait(false);
            if (e is OperationCanceledException)
            {
                throw gone is null || cancellationToken.IsCancellationRequested
                    ? new OperationCanceledException(cancellationToken)
                    : LockAcquisitionException.LostMeanwhile(gone.Resource, clock.Now() - started);
            }

            if (e is LockAcquisitionException failed)
            {
                throw new LockAcquisitionException(failed.Resource, clock.Now() - started, failed.Holder);
            }

            throw;
        }
    }

    private static async ValueTask DisposeAsync(IEnumerable<MutexLock> locks) =>
        await Task.WhenAll(locks.Select(held => held.DisposeAsync().AsTask())).ConfigureAwait(false);
}
