namespace DistributedMutex.Benchmarks.Locks;

/// <summary>What an application makes once and shares, like a RedisMutex or a RedLockFactory: it gives each worker its adapter.</summary>
/// <param name="adapterFor">Makes a worker's adapter for a resource.</param>
/// <param name="owned">What ends with it; never the connection.</param>
internal sealed class LockSource(Func<string, LockAdapter> adapterFor, IDisposable? owned = null) : IDisposable
{
    public LockAdapter AdapterFor(string resource) => adapterFor(resource);

    public void Dispose() => owned?.Dispose();
}
