namespace DistributedMutex.Protocol;

/// <summary>
/// Waiters in the order in which they came, linked by themselves: a lock that nobody else wants is taken without a list's
/// own objects.
/// </summary>
internal struct WaiterList
{
    public Waiter? First { get; private set; }

    public Waiter? Last { get; private set; }

    public int Count { get; private set; }

    public void AddFirst(Waiter waiter) => Insert(null, waiter, First);

    public void AddLast(Waiter waiter) => Insert(Last, waiter, null);

    /// <summary>Removes a waiter, if it is still there.</summary>
    public void Remove(Waiter waiter)
    {
        if (First != waiter && waiter.Previous is null)
        {
            return;
        }

        Link(waiter.Previous, waiter.Next);
        (waiter.Previous, waiter.Next) = (null, null);
        Count--;
    }

    private void Insert(Waiter? previous, Waiter waiter, Waiter? next)
    {
        Link(previous, waiter);
        Link(waiter, next);
        Count++;
    }

    private void Link(Waiter? previous, Waiter? next)
    {
        if (previous is null)
        {
            First = next;
        }
        else
        {
            previous.Next = next;
        }

        if (next is null)
        {
            Last = previous;
        }
        else
        {
            next.Previous = previous;
        }
    }
}
