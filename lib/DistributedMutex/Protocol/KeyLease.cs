namespace DistributedMutex.Protocol;

/// <summary>
/// What Redis holds for one owner token: nothing yet, a place in the queue, a grant, a lease. It counts down on the local
/// clock, and always less than the server does. Guarded by the gate of its <see cref="Line"/>.
/// </summary>
internal sealed class KeyLease(string token)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(20);

    private TimeSpan _firstJoin = Clock.Never;
    private TimeSpan _anchorLocal = Clock.Never;
    private TimeSpan _anchorServer;
    private TaskCompletionSource? _claim;
    private bool _wasKnown;

    public string Token => token;

    /// <summary>Whether Redis may know the token: a question may have left it there that was not answered, or told that it has.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>When the lease ends at the earliest: it began after the request for it was sent.</summary>
    public TimeSpan End { get; private set; }

    /// <summary>Until when it can be relied on: a margin for clocks that drift earlier.</summary>
    public TimeSpan Deadline { get; private set; }

    /// <summary>Until when a request may have made it last whose reply has not been seen.</summary>
    public TimeSpan LatestEnd { get; private set; }

    /// <summary>False: it is a grant, whose short time ends before the holder's own lease unless it is claimed.</summary>
    public bool IsClaimed { get; private set; }

    /// <summary>When the server last said that it is ours.</summary>
    public TimeSpan Confirmed { get; private set; }

    /// <summary>Whether a renewal is under way.</summary>
    public bool IsRenewing { get; private set; }

    /// <summary>When to try again what was not answered.</summary>
    public TimeSpan RetryAt { get; private set; } = Clock.Never;

    /// <summary>Completes when the claim is answered, or given up; from the moment that the grant is believed, whoever sends the claim when.</summary>
    public Task Claim => _claim?.Task ?? Task.CompletedTask;

    /// <summary>A question is about to be sent that takes the lock for the lease, or joins the queue.</summary>
    public void Ask(bool join, TimeSpan lease, TimeSpan now)
    {
        (_wasKnown, IsKnown) = (IsKnown, true);
        Expect(lease, now);
        if (join && _firstJoin == Clock.Never)
        {
            _firstJoin = now;
        }
    }

    /// <summary>The answer was that somebody else holds the lock, given at that time of the server's clock.</summary>
    public void Queued(TimeSpan asked, TimeSpan serverTime) => (_anchorLocal, _anchorServer) = (asked, serverTime);

    /// <summary>The answer was that somebody else holds the lock, and no question has queued the token.</summary>
    public void NotQueued() => IsKnown = _firstJoin != Clock.Never;

    /// <summary>The question was refused: it has left nothing in Redis that was not there before.</summary>
    public void Refused() => IsKnown = _wasKnown;

    /// <summary>The answer was that the lock is ours.</summary>
    public void Taken(TimeSpan asked, TimeSpan lease)
    {
        (IsClaimed, RetryAt) = (true, Clock.Never);
        Move(asked, lease);
    }

    /// <summary>
    /// How old a grant can be that was made at that time of the server's clock: no older than the first question that could
    /// lead to it, nor than our clock says since a question that was answered, less what the server's says between that answer
    /// and the grant; 1 % is for clocks of different speed. A question under way tells nothing, and what can't be dated is old.
    /// </summary>
    public TimeSpan AgeOfGrant(TimeSpan granted, TimeSpan now)
    {
        var age = _firstJoin == Clock.Never ? Clock.Never : now - _firstJoin;
        if (_anchorLocal != Clock.Never)
        {
            age = Clock.Earlier(age, ((now - _anchorLocal) * 1.01) - (granted - _anchorServer));
        }

        return age > TimeSpan.Zero ? age : TimeSpan.Zero;
    }

    /// <summary>
    /// A grant of that age was believed: it lasts for the rest of its short time, or of a lease that is shorter: a question that
    /// came after it has made it that.
    /// </summary>
    public void Granted(TimeSpan age, TimeSpan lease, TimeSpan now) => Move(now - age, Clock.Earlier(Line.Grant, lease));

    /// <summary>A claim is about to be sent.</summary>
    public void BeginClaim(TimeSpan lease, TimeSpan now)
    {
        _claim = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Renew(lease, now);
    }

    /// <summary>A renewal or claim is about to be sent.</summary>
    public void Renew(TimeSpan lease, TimeSpan now)
    {
        (IsRenewing, RetryAt) = (true, Clock.Never);
        Expect(lease, now);
    }

    /// <summary>A request is about to be sent that may make it last so long.</summary>
    public void Expect(TimeSpan lease, TimeSpan now) => LatestEnd = LatestEnd > now.Later(lease) ? LatestEnd : now.Later(lease);

    /// <summary>The answer to a renewal, claim or extension.</summary>
    public void Renewed(TimeSpan asked, TimeSpan lease, bool isOurs)
    {
        IsRenewing = false;
        _claim?.TrySetResult();
        if (isOurs)
        {
            IsClaimed |= lease > TimeSpan.Zero;
            Move(asked, lease);
        }
    }

    /// <summary>A renewal or claim was not answered: there is time left for more tries, but not for ever more of them as it runs out.</summary>
    public void NotRenewed(TimeSpan now)
    {
        _claim?.TrySetResult();
        var pause = (Deadline - now) / 10;
        (IsRenewing, RetryAt) = (false, now.Later(pause > ShortestPause ? pause : ShortestPause));
    }

    /// <summary>
    /// Whether the next holder can have it for a lease of its own: what is left, or was asked for in a claim under way, is no
    /// less, and not much more either, as after an extension: it would keep the key from others longer than was promised.
    /// </summary>
    public bool Covers(TimeSpan lease, TimeSpan now) =>
        Deadline > now && (IsClaimed ? End : IsRenewing ? LatestEnd : Deadline) >= now.Later(lease) && LatestEnd <= now.Later(lease + Line.Turn);

    private void Move(TimeSpan asked, TimeSpan lease)
    {
        Confirmed = asked > Confirmed ? asked : Confirmed;
        if (asked.Later(lease) > End)
        {
            (End, Deadline) = (asked.Later(lease), asked.Later(lease.LessDrift()));
            LatestEnd = LatestEnd > End ? LatestEnd : End;
        }
    }
}
