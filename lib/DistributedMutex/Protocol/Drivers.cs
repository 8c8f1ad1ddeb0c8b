using System.Collections.Concurrent;

namespace DistributedMutex.Protocol;

/// <summary>
/// The drivers of one instance, by resource. Some are kept when their lock is free: whoever takes it again soon finds keys and
/// timer ready.
/// </summary>
internal sealed class Drivers : IDrivers
{
    // Names that are locked once each, by the million, must not fill the memory.
    private const int Most = 1000;

    private readonly ConcurrentDictionary<string, Driver> _drivers = new();
    private int _count;

    /// <summary>Whether one that nobody needs now may be kept.</summary>
    public bool MayKeep() => Volatile.Read(ref _count) <= Most;

    public IEnumerable<Driver> All => _drivers.Values;

    /// <summary>The one of a resource that is or may be locked, or waited for.</summary>
    public Driver? Find(string resource) => _drivers.GetValueOrDefault(resource);

    /// <summary>Has a caller enter the line of a resource.</summary>
    public Driver Enter(string resource, Waiter waiter, DriverContext context)
    {
        while (true)
        {
            if (!_drivers.TryGetValue(resource, out var driver))
            {
                var added = new Driver(context, resource);
                driver = _drivers.GetOrAdd(resource, added);
                if (driver == added)
                {
                    Interlocked.Increment(ref _count);
                }
            }

            if (driver.TryEnter(waiter))
            {
                return driver;
            }
        }
    }

    /// <summary>Nobody needs it any more.</summary>
    public void Forget(Driver driver)
    {
        if (_drivers.TryRemove(KeyValuePair.Create(driver.Resource, driver)))
        {
            Interlocked.Decrement(ref _count);
        }
    }
}
