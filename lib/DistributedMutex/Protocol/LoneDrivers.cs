using System.Collections.Concurrent;

namespace DistributedMutex.Protocol;

/// <summary>
/// The drivers of an instance whose locks several may hold at once: one for each caller, with a line that it has to itself,
/// and an owner token and a lease of its own in Redis, where all stand in one queue.
/// </summary>
internal sealed class LoneDrivers : IDrivers
{
    private readonly ConcurrentDictionary<Driver, bool> _drivers = new();
    private readonly ConcurrentDictionary<string, Driver> _watchers = new();

    public IEnumerable<Driver> All => _drivers.Keys;

    public Driver Enter(string resource, Waiter waiter, DriverContext context)
    {
        var driver = new Driver(context, resource);
        _drivers.TryAdd(driver, true);
        driver.TryEnter(waiter);
        return driver;
    }

    public bool MayKeep() => false;

    public void Forget(Driver driver)
    {
        _drivers.TryRemove(driver, out _);
        _watchers.TryRemove(KeyValuePair.Create(driver.Resource, driver));
    }

    /// <summary>
    /// Whoever sees to the grants that releases have led to: one driver for each resource, or every release would have Redis
    /// asked once more.
    /// </summary>
    public Driver WatcherOf(Driver released) =>
        _watchers.GetOrAdd(released.Resource, static (resource, context) => new Driver(context, resource), released.Context);
}
