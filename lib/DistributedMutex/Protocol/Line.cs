namespace DistributedMutex.Protocol;

/// <summary>
/// The callers of one instance that want one resource, in the order in which they came, and what they have together: one
/// owner token, with which Redis is asked, queued at, and held. Pure state: it is told what happens and when, and says what is
/// to be done (<see cref="LineEffects"/>, <see cref="Step"/>). The first caller asks Redis for all; a holder that leaves hands
/// the lock to the next without Redis, for as long as fences, turn and lease last.
/// </summary>
internal sealed class Line(LineOptions options)
{
    /// <summary>How many fences a process takes at once, and so how often it may hand the lock over inside; as in baton.lua.</summary>
    public const int Block = 100;

    /// <summary>How long a winner has to claim the lock; as in baton.lua.</summary>
    public static readonly TimeSpan Grant = TimeSpan.FromSeconds(3);

    /// <summary>How long a process may hand the lock over inside before those who are queued in Redis have their turn.</summary>
    public static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(20);

    /// <summary>How long after the end of its wait a caller still hears the answer to its last question.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(400);

    private WaiterList _waiters;
    private LineState _state;
    private Inquiry _inquiry = new(options);
    private Hold? _hold;
    private InsideTurn _turn;
    private Upkeep _upkeep = new();
    private bool _contended;
    private bool _closing;

    /// <summary>Guards all of it, its keys and its holds.</summary>
    public Lock Gate { get; } = new();

    /// <summary>What a caller holds now that took it with Lock.</summary>
    public Hold? Locked
    {
        get
        {
            using var _ = Gate.EnterScope();
            return _hold is { IsScope: false } ? _hold : null;
        }
    }

    /// <summary>When <see cref="Tick"/> has something to do.</summary>
    public TimeSpan Due
    {
        get
        {
            using var _ = Gate.EnterScope();
            return _upkeep.Due(_hold, options.Lease);
        }
    }

    /// <summary>A caller comes; false if the line is closed and a new one is needed.</summary>
    public bool TryEnter(Waiter waiter)
    {
        using var _ = Gate.EnterScope();
        if (_state == LineState.Closed)
        {
            return false;
        }

        _waiters.AddLast(waiter);
        _upkeep.Doubt();
        return true;
    }

    /// <summary>What a caller is to do now.</summary>
    public Step Next(Waiter waiter, Hearing hearing, TimeSpan now)
    {
        using var _ = Gate.EnterScope();
        if (_closing)
        {
            return new(StepKind.Closed);
        }

        if (waiter.Hold is { } hold)
        {
            if (hold.IsHeld(now))
            {
                return new(StepKind.Done);
            }

            // It was lost on the way to its caller, who never had it. The server may know it yet: ask with the same token.
            waiter.Hold = null;
            _waiters.AddFirst(waiter);
            if (hold == _hold)
            {
                (_hold, _state) = (null, LineState.Waiting);
                _inquiry.AskNow();
            }
        }

        var leads = _waiters.First == waiter && _state != LineState.Held;
        var over = waiter.IsOver(now);
        var end = waiter.End;
        if (over && !(leads && !_inquiry.IsAnswered(waiter)))
        {
            return new(StepKind.Done);
        }

        if (over && _state == LineState.Asking)
        {
            // Somebody's who has left: its answer is this caller's.
            end = end.Later(Grace);
            if (now >= end)
            {
                return new(StepKind.Unanswered);
            }
        }
        else if (leads && _state != LineState.Asking)
        {
            end = Clock.Earlier(end, _inquiry.AskAt);
            if (over || _inquiry.AskAt <= now)
            {
                return Ask(waiter, hearing, waits: !over && waiter.Wait != TimeSpan.Zero, now);
            }
        }

        return new(StepKind.Wait, Until: end, News: waiter.Listen());
    }

    /// <summary>A question was answered.</summary>
    public LineEffects Answered(Question question, AcquireReply reply, TimeSpan now)
    {
        using var _ = Gate.EnterScope();
        if (!Concerns(question, out var effects))
        {
            return effects;
        }

        _state = LineState.Waiting;
        if (!_inquiry.Answered(question, reply, _waiters.First, now))
        {
            return Go();
        }

        _turn.Begin(reply.FirstFence!.Value, question.Fences, now);
        return SeatFirst(now);
    }

    /// <summary>No subscription could be had, for now.</summary>
    public void NotSubscribed(TimeSpan now)
    {
        using var _ = Gate.EnterScope();
        _inquiry.AskLater(_waiters.First?.Retry ?? TimeSpan.Zero, now);
    }

    /// <summary>A question failed. Unless it was refused, nobody knows what became of it: asking again with the same token finds out.</summary>
    public LineEffects Failed(Question question, bool isRefused, TimeSpan now)
    {
        using var _ = Gate.EnterScope();
        if (!Concerns(question, out var effects))
        {
            return effects;
        }

        _state = LineState.Waiting;
        _inquiry.Failed(question, isRefused, _waiters.First, now);
        return Go();
    }

    /// <summary>The lock was granted to a token, at that time of the server's clock. False: not to the one that this line has now.</summary>
    public bool Granted(string token, long fence, TimeSpan granted, TimeSpan now, out LineEffects effects)
    {
        using var _ = Gate.EnterScope();
        effects = default;
        if (_inquiry.Key is not { } key || key.Token != token)
        {
            return false;
        }

        if (_state == LineState.Held)
        {
            // A question was answered first.
            return true;
        }

        if (!_inquiry.Granted(granted, now))
        {
            effects = Go();
            return true;
        }

        _turn.Begin(fence, Block, now);
        _state = LineState.Waiting;
        var lease = FirstLease;
        effects = SeatFirst(now);
        if (_hold is not null)
        {
            key.BeginClaim(lease, now);
            effects = effects with { Request = Request.Claim, Key = key, Lease = lease };
        }

        return true;
    }

    /// <summary>Ask again in that time: a message to that token says so, or, without one, the connection that was gone is back.</summary>
    public LineEffects AskWithin(string? token, TimeSpan time, TimeSpan now)
    {
        using var _ = Gate.EnterScope();
        if (_state is not (LineState.Asking or LineState.Waiting) || (token is not null && token != _inquiry.Key?.Token))
        {
            return default;
        }

        _inquiry.AskWithin(time, now);
        return Go();
    }

    /// <summary>A caller leaves: without the lock, or with one that it does not want.</summary>
    public LineEffects Leave(Waiter waiter, TimeSpan now)
    {
        using var _ = Gate.EnterScope();
        if (waiter.Hold is { } unwanted)
        {
            waiter.Hold = null;
            return unwanted.State != HoldState.Held || unwanted != _hold ? default
                : Release(unwanted, now, out var effects) == ReleaseStep.AskRedis ? effects with { Request = Request.Release, Key = unwanted.Key }
                : effects;
        }

        waiter.Holder = _hold is not null ? "another caller of this instance" : _inquiry.Holder is { } holder ? OwnerToken.Describe(holder) : null;
        _waiters.Remove(waiter);
        return Go();
    }

    /// <summary>A holder gives the lock back.</summary>
    public ReleaseStep Release(Hold hold, TimeSpan now, out LineEffects effects)
    {
        using var _ = Gate.EnterScope();
        effects = default;
        if (hold.State != HoldState.Held || hold != _hold)
        {
            return ReleaseStep.NotHeld;
        }

        hold.State = HoldState.Released;
        _contended |= _waiters.Count > 0;
        if (_waiters.First is { } next && _turn.HasNext(next.WantsFence, now) && hold.Key.Covers(options.FirstLease, now))
        {
            effects = SeatFirst(now);
            return ReleaseStep.HandedOver;
        }

        effects = Vacate();
        return ReleaseStep.AskRedis;
    }

    /// <summary>A release, or a watch, was answered; another process may have been granted the lock by it.</summary>
    public void Handed(bool toAnother, TimeSpan now)
    {
        using var _ = Gate.EnterScope();
        _contended |= toAnother;
        _upkeep.Watch(toAnother, now);
    }

    /// <summary>A renewal, claim or extension was answered.</summary>
    public LineEffects Renewed(KeyLease key, TimeSpan sent, TimeSpan lease, bool isOurs)
    {
        using var _ = Gate.EnterScope();
        key.Renewed(sent, lease, isOurs);
        if (_hold?.Key != key)
        {
            return default;
        }

        if (!isOurs)
        {
            // Those who wait in Redis may have to be told as well: a release does, whoever sends it.
            return Lose(_hold) with { Request = Request.Release, Key = key };
        }

        _hold.Prolong(sent, lease);
        return default;
    }

    /// <summary>A renewal failed: not to know is not to lose, the deadline decides, and until then it is tried again.</summary>
    public void NotRenewed(KeyLease key, TimeSpan now)
    {
        using var _ = Gate.EnterScope();
        key.NotRenewed(now);
    }

    /// <summary>Time has passed.</summary>
    public LineEffects Tick(TimeSpan now)
    {
        using var _ = Gate.EnterScope();
        if (_hold is { } hold && hold.Deadline <= now)
        {
            // What was asked for without an answer must not outlive it.
            return hold.Key.LatestEnd > hold.Key.End ? Lose(hold) with { Request = Request.Release, Key = hold.Key } : Lose(hold);
        }

        return _upkeep.Tick(_hold, options.Lease, anyoneWaits: _waiters.Count > 0, now);
    }

    /// <summary>The mutex is disposed of: who waits is told, and what is held is to be released.</summary>
    public Hold? Close()
    {
        using var _ = Gate.EnterScope();
        _closing = true;
        for (var waiter = _waiters.First; waiter is not null; waiter = waiter.Next)
        {
            waiter.Wake();
        }

        return _hold;
    }

    /// <summary>Nobody may need the line now: then it is closed, or kept for the next caller as if it were new. False: somebody does.</summary>
    public bool Rest(bool keep)
    {
        using var _ = Gate.EnterScope();
        if (_state == LineState.Idle && _waiters.Count == 0 && !_upkeep.IsWatching)
        {
            (_state, _contended, _inquiry) = (keep ? LineState.Idle : LineState.Closed, false, new(options));
            return true;
        }

        return _state == LineState.Closed;
    }

    private bool IsShared => _waiters.Count > 1 || _contended;

    // With a turn more where there may be hand-overs: then the last of them has a whole lease too.
    private TimeSpan FirstLease => IsShared ? options.FirstLease.Later(Turn) : options.FirstLease;

    private Step Ask(Waiter waiter, Hearing hearing, bool waits, TimeSpan now)
    {
        // Before anything is known: the lock is often free, and then needs neither subscription nor queue.
        var isFirst = _state == LineState.Idle && !_contended;
        if (waits && !isFirst && hearing == Hearing.NotYet)
        {
            return new(StepKind.Subscribe);
        }

        var kind = isFirst && !waiter.WantsFence ? QuestionKind.Take
            : !waits || hearing == Hearing.NotYet ? QuestionKind.Try
            : hearing == Hearing.Refused ? QuestionKind.Poll
            : QuestionKind.Join;
        var fences = kind == QuestionKind.Take ? 0 : IsShared ? Block : waiter.WantsFence ? 1 : 0;
        _state = LineState.Asking;
        return new(StepKind.Ask, _inquiry.Ask(kind, FirstLease, fences, now));
    }

    /// <summary>Redis holds the lock for this line: the first caller gets it.</summary>
    private LineEffects SeatFirst(TimeSpan now)
    {
        if (_waiters.First is not { } first)
        {
            return Go();
        }

        var key = _inquiry.Key!;
        if (key.Deadline <= now || (first.WantsFence && !_turn.HasNext(wantsFence: true, now)))
        {
            // The answer was too slow, or there is no fence for this caller. Asking again with the token mends either.
            _inquiry.AskNow();
            return Go();
        }

        _waiters.Remove(first);
        _hold = first.Hold = new Hold(key, _turn.Next(first.WantsFence), Gate, options, first.IsScope, now);
        _state = LineState.Held;
        _upkeep.Begin(key, anyoneWaits: _waiters.Count > 0);
        return new(Wake: first);
    }

    // The line may have had the lock by a grant before the question was answered, and lost it before it was even sent: then
    // whatever it brings is nobody's.
    private bool Concerns(Question question, out LineEffects effects)
    {
        var isOrphan = question.Key != _inquiry.Key;
        effects = isOrphan ? new(Request.Release, question.Key) : default;
        return !isOrphan && _state != LineState.Held;
    }

    private LineEffects Lose(Hold hold)
    {
        hold.State = HoldState.Lost;
        return Vacate() with { Lost = hold };
    }

    private LineEffects Vacate()
    {
        (_hold, _state) = (null, LineState.Idle);
        _inquiry.EndToken();
        return Go();
    }

    /// <summary>Whoever is first goes on; without anybody nothing must be left in Redis.</summary>
    private LineEffects Go()
    {
        if (_waiters.First is { } first)
        {
            return new(Wake: first);
        }

        if (_state != LineState.Waiting)
        {
            return default;
        }

        var key = _inquiry.Key;
        _state = LineState.Idle;
        _inquiry.EndToken();
        return key is { IsKnown: true } ? new(Request.Release, key) : default;
    }
}
