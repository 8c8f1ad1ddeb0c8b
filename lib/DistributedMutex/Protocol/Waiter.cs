namespace DistributedMutex.Protocol;

/// <summary>One caller that waits in a <see cref="Line"/>. Guarded by its gate.</summary>
internal sealed class Waiter
{
    private TaskCompletionSource? _news;

    /// <summary>When the caller came.</summary>
    public required TimeSpan Came { get; init; }

    /// <summary>How long it waits; zero is one try.</summary>
    public required TimeSpan Wait { get; init; }

    /// <summary>How often to ask for a lock that a foreign client holds, or that Redis could not be asked for.</summary>
    public required TimeSpan Retry { get; init; }

    /// <summary>Instead of <see cref="Retry"/>, if the caller has given none.</summary>
    public RetryStrategy? Strategy { get; init; }

    /// <summary>Whether it wants a fence.</summary>
    public required bool WantsFence { get; init; }

    /// <summary>Whether it wants a scope, which releases what it holds, and not Lock.</summary>
    public required bool IsScope { get; init; }

    /// <summary>When its time is over.</summary>
    public TimeSpan End => Wait == Timeout.InfiniteTimeSpan ? Clock.Never : Came.Later(Wait);

    /// <summary>Its place in a <see cref="WaiterList"/>.</summary>
    public Waiter? Previous { get; set; }

    /// <inheritdoc cref="Previous"/>
    public Waiter? Next { get; set; }

    /// <summary>What it has been given.</summary>
    public Hold? Hold { get; set; }

    /// <summary>In whose favour it went away without the lock, if that is known.</summary>
    public string? Holder { get; set; }

    /// <summary>Whether its strategy allows no more retries.</summary>
    public bool GivesUp { get; private set; }

    private int Retries { get; set; }

    public bool IsOver(TimeSpan now) => GivesUp || now >= End;

    /// <summary>How long to leave a foreign holder alone.</summary>
    public TimeSpan NextRetry()
    {
        var pause = Strategy is null ? Retry : Strategy.Pause(Retries++);
        GivesUp = pause is null;
        return pause ?? TimeSpan.Zero;
    }

    /// <summary>Completes when there is news for the caller.</summary>
    public Task Listen() => (_news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>There is news. The caller goes on elsewhere.</summary>
    public void Wake() => Volatile.Read(ref _news)?.TrySetResult();
}
