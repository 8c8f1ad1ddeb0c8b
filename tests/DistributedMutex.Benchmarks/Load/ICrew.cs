namespace DistributedMutex.Benchmarks.Load;

/// <summary>Workers on one connection, in this process or in another.</summary>
internal interface ICrew
{
    void Start(LockLoad load);

    /// <summary>How many commands its connection has sent so far.</summary>
    Task<long> CountAsync();

    /// <summary>Ends the load and tells what was done.</summary>
    Task<TurnLog> StopAsync();
}
