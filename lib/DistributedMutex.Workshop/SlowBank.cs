using System.Collections.Concurrent;

namespace DistributedMutex.Workshop;

/// <summary>A bank that takes its time: somebody else always comes while it is at work.</summary>
public sealed class SlowBank
{
    // Only against hanging; a machine may be busy.
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<int, bool> _paid = [];
    private readonly TaskCompletionSource _atWork = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _secondIsThrough = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _charges;

    /// <summary>How often it has charged somebody.</summary>
    public int Charges => _charges;

    /// <summary>Whether a charge for the order is done.</summary>
    public bool IsPaid(int order) => _paid.ContainsKey(order);

    /// <summary>Charges the order, whether or not it has been charged before.</summary>
    public async Task ChargeAsync(int order)
    {
        using (Timeline.Work("charge"))
        {
            var isFirst = Interlocked.Increment(ref _charges) == 1;
            _atWork.TrySetResult();
            await Task.Delay(Work).ConfigureAwait(false);
            if (isFirst)
            {
                await Task.WhenAny(_secondIsThrough.Task, Task.Delay(Long)).ConfigureAwait(false);
            }
        }

        _paid[order] = true;
    }

    /// <summary>Starts the first, and the second when the bank is at work for the first; it is done with that when the second has ended.</summary>
    public Task WhileItWorksAsync((string Lane, Func<Task> Action) first, (string Lane, Func<Task> Action) second) => Tasks.Run(first, (second.Lane, () => WhenItWorksAsync(second.Action)));

    private async Task WhenItWorksAsync(Func<Task> action)
    {
        try
        {
            await _atWork.Task.WaitAsync(Long).ConfigureAwait(false);
            await action().ConfigureAwait(false);
        }
        finally
        {
            _secondIsThrough.TrySetResult();
        }
    }
}
