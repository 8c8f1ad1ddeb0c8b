using DistributedMutex.Protocol;

namespace DistributedMutex.Services;

/// <summary>Connects when a lock is first wanted, off the caller's thread; after a failure the next call tries again.</summary>
internal sealed class MutexConnection(Func<RedisMutex> connect)
{
    // Who wants a lock at once or not at all may still wait for the connection; longer than it takes to fail, so as to hear why.
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(15);

    private readonly Lock _gate = new();
    private Task<RedisMutex>? _opening;

    /// <exception cref="TimeoutException">The server has not answered within <paramref name="wait"/>, or 15 seconds if that is longer.</exception>
    public async Task<RedisMutex> OpenAsync(TimeSpan wait, TimeProvider clock, CancellationToken cancellationToken)
    {
        Task<RedisMutex> opening;
        lock (_gate)
        {
            if (_opening is null or { IsCompleted: true, IsCompletedSuccessfully: false })
            {
                _opening = OpenAsync();
            }

            opening = _opening;
        }

        if (opening.IsCompletedSuccessfully)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return await opening.ConfigureAwait(false);
        }

        var timeout = wait == Timeout.InfiniteTimeSpan || wait > Clock.LongestTimer ? Timeout.InfiniteTimeSpan : wait > ShortestWait ? wait : ShortestWait;
        try
        {
            return await opening.Within(timeout, clock, sync: false, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!opening.IsCompleted)
        {
            throw new TimeoutException($"The connection to Redis is not there after {timeout.TotalSeconds:0.###} s; it is still being tried.");
        }
    }

    private Task<RedisMutex> OpenAsync()
    {
        // A thread of its own: connecting blocks. What it starts must not keep the first caller's context.
        using var noContext = ExecutionContext.SuppressFlow();
        return Task.Factory.StartNew(
            connect, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>
    /// What the container makes, and so disposes of: later than the connection that the application has registered, and so
    /// before it. Disposing it releases what is held.
    /// </summary>
    internal sealed class OwnedMutex(RedisMutex mutex) : IDisposable, IAsyncDisposable
    {
        public RedisMutex Mutex => mutex;

        public void Dispose() => mutex.Dispose();

        public ValueTask DisposeAsync() => mutex.DisposeAsync();
    }
}
