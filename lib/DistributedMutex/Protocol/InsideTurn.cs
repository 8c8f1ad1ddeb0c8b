namespace DistributedMutex.Protocol;

/// <summary>
/// How often and for how long the callers of one instance may hand the lock over among themselves, and with which fences,
/// before those who are queued in Redis have their turn.
/// </summary>
internal struct InsideTurn
{
    private TimeSpan _began;
    private int _holders;
    private long _nextFence;
    private int _fences;

    /// <summary>Redis has given the lock, with so many fences.</summary>
    public void Begin(long firstFence, int fences, TimeSpan now) => (_began, _holders, _nextFence, _fences) = (now, Line.Block, firstFence, fences);

    /// <summary>Whether there may be one more holder.</summary>
    public readonly bool HasNext(bool wantsFence, TimeSpan now) => _holders > 0 && now - _began < Line.Turn && (_fences > 0 || !wantsFence);

    /// <summary>The next holder, with a fence if it wants one.</summary>
    public long Next(bool wantsFence)
    {
        _holders--;
        if (!wantsFence)
        {
            return 0;
        }

        _fences--;
        return _nextFence++;
    }
}
