namespace DistributedMutex.Protocol;

/// <summary>Counts the calls under way, so that closing can wait for the last of them.</summary>
internal sealed class CallCounter
{
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One for being open.
    private int _count = 1;

    public bool TryEnter()
    {
        for (var count = Volatile.Read(ref _count); count > 0;)
        {
            var seen = Interlocked.CompareExchange(ref _count, count + 1, count);
            if (seen == count)
            {
                return true;
            }

            count = seen;
        }

        return false;
    }

    public void Leave()
    {
        if (Interlocked.Decrement(ref _count) == 0)
        {
            _drained.SetResult();
        }
    }

    /// <summary>Closes; completes when the last call has left. To be called once.</summary>
    public Task CloseAsync()
    {
        Leave();
        return _drained.Task;
    }
}
