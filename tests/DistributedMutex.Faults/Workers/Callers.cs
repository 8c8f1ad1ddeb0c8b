namespace DistributedMutex.Faults.Workers;

/// <summary>Lock and Unlock on a thread. There is one of these at most for an instance, which owns what Lock takes, whoever called it.</summary>
internal sealed class BlockingLockCaller(RedisMutex mutex, string instance, string name, TimeSpan lease) : Caller("lock", instance, name, lease)
{
    public override bool IsBlocking => true;

    protected override Task<Held?> AcquireAsync(Errand errand, CancellationToken stop) => Task.FromResult(
        mutex.Lock(errand.Lock, errand.Wait) ? new Held(null, () => Task.FromResult(mutex.Unlock(errand.Lock) ? "yes" : "no")) : null);
}

/// <summary>LockAsync and UnlockAsync; likewise one for an instance.</summary>
internal sealed class LockCaller(RedisMutex mutex, string instance, string name, TimeSpan lease) : Caller("lock", instance, name, lease)
{
    protected override async Task<Held?> AcquireAsync(Errand errand, CancellationToken stop) =>
        await mutex.LockAsync(errand.Lock, errand.Wait, cancellationToken: stop).ConfigureAwait(false)
            ? new Held(null, async () => await mutex.UnlockAsync(errand.Lock, CancellationToken.None).ConfigureAwait(false) ? "yes" : "no")
            : null;
}

/// <summary>Acquire and Dispose on a thread.</summary>
internal sealed class BlockingScopeCaller(RedisMutex mutex, string instance, string name, TimeSpan lease) : Caller("scope", instance, name, lease)
{
    public override bool IsBlocking => true;

    protected override Task<Held?> AcquireAsync(Errand errand, CancellationToken stop)
    {
        try
        {
            var scope = mutex.Acquire(errand.Lock, errand.Wait);
            return Task.FromResult<Held?>(new Held(scope, () =>
            {
                scope.Dispose();
                return Task.FromResult("disposed");
            }));
        }
        catch (LockAcquisitionException)
        {
            return Task.FromResult<Held?>(null);
        }
    }
}

/// <summary>TryAcquireAsync, which this caller now and then cancels, and ReleaseAsync or DisposeAsync.</summary>
internal sealed class ScopeCaller(RedisMutex mutex, string instance, string name, TimeSpan lease, bool cancels = false) : Caller("scope", instance, name, lease)
{
    protected override async Task<Held?> AcquireAsync(Errand errand, CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (cancels && errand.Patience is { } patience)
        {
            end.CancelAfter(patience);
        }

        var scope = await mutex.TryAcquireAsync(errand.Lock, errand.Wait, cancellationToken: end.Token).ConfigureAwait(false);
        return scope is null ? null : new Held(scope, () => ReleaseAsync(scope, errand.Disposes));
    }

    private static async Task<string> ReleaseAsync(MutexLock scope, bool disposes)
    {
        if (!disposes)
        {
            return await scope.ReleaseAsync(CancellationToken.None).ConfigureAwait(false) ? "yes" : "no";
        }

        await scope.DisposeAsync().ConfigureAwait(false);
        return "disposed";
    }
}

/// <summary>The service that a container gives out.</summary>
internal sealed class ServiceCaller(IDistributedMutex mutex, string instance, string name, TimeSpan lease, TimeSpan wait) : Caller("service", instance, name, lease)
{
    protected override TimeSpan? FixedWait => wait;

    protected override async Task<Held?> AcquireAsync(Errand errand, CancellationToken stop) =>
        await mutex.AcquireAsync(errand.Lock, stop).ConfigureAwait(false)
            ? new Held(null, async () => await mutex.ReleaseAsync(errand.Lock, CancellationToken.None).ConfigureAwait(false) ? "yes" : "no")
            : null;
}
