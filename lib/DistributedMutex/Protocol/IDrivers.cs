namespace DistributedMutex.Protocol;

/// <summary>The drivers of one instance: which of them a caller comes to.</summary>
internal interface IDrivers
{
    IEnumerable<Driver> All { get; }

    /// <summary>Has a caller enter the line of a resource.</summary>
    Driver Enter(string resource, Waiter waiter, DriverContext context);

    /// <summary>Whether one that nobody needs now may be kept.</summary>
    bool MayKeep();

    /// <summary>Nobody needs it any more.</summary>
    void Forget(Driver driver);
}
