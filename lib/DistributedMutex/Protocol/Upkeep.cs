namespace DistributedMutex.Protocol;

/// <summary>What is to be done, and when, for a lock that is held, or that was handed to another process.</summary>
internal struct Upkeep()
{
    // How long callers wait behind a holder of their own instance before Redis is asked whether that still holds: an
    // operator may have deleted the key.
    private static readonly TimeSpan Doubtful = TimeSpan.FromSeconds(1);

    // Not worth a renewal.
    private static readonly TimeSpan Negligible = TimeSpan.FromMilliseconds(20);

    private TimeSpan _watchAt = Clock.Never;
    private TimeSpan _doubtAt;
    private bool _isDoubted;

    /// <summary>Whether a grant to another process is watched.</summary>
    public readonly bool IsWatching => _watchAt != Clock.Never;

    /// <summary>Somebody has come who would like to know whether the holder still holds.</summary>
    public void Doubt() => _isDoubted = true;

    /// <summary>A caller begins to hold.</summary>
    public void Begin(KeyLease key, bool anyoneWaits) => (_isDoubted, _doubtAt) = (anyoneWaits, key.Confirmed.Later(Doubtful));

    /// <summary>The lock was granted to another process: if that does not claim it, somebody must go on with the next.</summary>
    public void Watch(bool isGranted, TimeSpan now) => _watchAt = isGranted ? now.Later(Line.Grant + Negligible) : _watchAt;

    /// <summary>When <see cref="Tick"/> has something to do.</summary>
    public readonly TimeSpan Due(Hold? hold, TimeSpan lease) =>
        hold is null ? _watchAt : Clock.Earlier(Clock.Earlier(_watchAt, hold.Deadline), Clock.Earlier(RenewalDue(hold, lease), DoubtDue(hold)));

    /// <summary>What is to be done now, one thing at a time.</summary>
    public LineEffects Tick(Hold? hold, TimeSpan lease, bool anyoneWaits, TimeSpan now)
    {
        if (hold is not null && (RenewalDue(hold, lease) <= now || DoubtDue(hold) <= now))
        {
            var asked = RenewalDue(hold, lease) > now ? TimeSpan.Zero : hold.Renews ? hold.Bound(lease, now) : hold.OwnEnd - now;
            (_isDoubted, _doubtAt) = (anyoneWaits, now.Later(Doubtful));
            hold.Key.Renew(asked, now);
            return new(Request.Renew, hold.Key, asked);
        }

        if (_watchAt <= now)
        {
            _watchAt = Clock.Never;
            return new(Request.Watch);
        }

        return default;
    }

    // A third of a lease after the last renewal, which leaves two thirds for more tries; not once MaxHold is reached.
    private static TimeSpan RenewalDue(Hold hold, TimeSpan lease)
    {
        var key = hold.Key;
        return key.IsRenewing ? Clock.Never
            : key.RetryAt != Clock.Never && (hold.Renews || !key.IsClaimed) ? key.RetryAt
            : hold.Renews && hold.LastEnd - key.End > Negligible ? key.End - (lease * (2 / 3.0))
            : Clock.Never;
    }

    private readonly TimeSpan DoubtDue(Hold hold) => _isDoubted && !hold.Key.IsRenewing ? _doubtAt : Clock.Never;
}
