namespace DistributedMutex.Benchmarks.Load;

/// <summary>What a crew of workers does until it is told to stop: acquire, hold, release, pause.</summary>
/// <param name="Lock">The name of the <see cref="Locks.LockKind"/>.</param>
/// <param name="Resource">What they lock.</param>
/// <param name="Workers">How many there are.</param>
internal sealed record LockLoad(string Lock, string Resource, int Workers)
{
    /// <summary>The number of the first worker; those of another process have others.</summary>
    public int FirstWorker { get; init; }

    /// <summary>Whether all share one instance of the mutex, or each has its own.</summary>
    public bool OneInstance { get; init; }

    /// <summary>Whether the workers are threads that call the sync methods, or tasks.</summary>
    public bool Threads { get; init; }

    public int HoldMilliseconds { get; init; }

    public int PauseMilliseconds { get; init; }
}
