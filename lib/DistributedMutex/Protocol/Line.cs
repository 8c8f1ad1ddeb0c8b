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
    private KeyLease? _key;
    private Hold? _hold;
    private InsideTurn _turn;
    private Naps _naps;
    private Upkeep _upkeep = new();
    private string? _holder;
    private TimeSpan _answered = TimeSpan.MinValue;
    private bool _unsure;
    private bool _contended;
    private bool _closing;

    /// <summary>Guards all of it, its keys and its holds.</summary>
    public Lock Gate { get; } = new();

    /// <summary>What a caller holds now that took it with Lock.</summary>
    public Hold? Locked
    {
        get
        {
            lock (Gate)
            {
                return _hold is { IsScope: false } ? _hold : null;
            }
        }
    }

    /// <summary>When <see cref="Tick"/> has something to do.</summary>
    public TimeSpan Due
    {
        get
        {
            lock (Gate)
            {
                return _upkeep.Due(_hold, options.Lease);
            }
        }
    }

    /// <summary>A caller comes; false if the line is closed and a new one is needed.</summary>
    public bool TryEnter(Waiter waiter)
    {
        lock (Gate)
        {
            if (_state == LineState.Closed)
            {
                return false;
            }

            _waiters.AddLast(waiter);
            _upkeep.Doubt();
            return true;
        }
    }

    /// <summary>What a caller is to do now.</summary>
    public Step Next(Waiter waiter, Hearing hearing, TimeSpan now)
    {
        lock (Gate)
        {
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
                    _naps.AskNow();
                }
            }

            var leads = _waiters.First == waiter && _state != LineState.Held;
            var over = waiter.IsOver(now);
            var end = waiter.End;
            if (over && !(leads && (_unsure || _answered < waiter.Came)))
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
                end = Clock.Earlier(end, _naps.AskAt);
                if (over || _naps.AskAt <= now)
                {
                    return Ask(waiter, hearing, waits: !over && waiter.Wait != TimeSpan.Zero, now);
                }
            }

            return new(StepKind.Wait, Until: end, News: waiter.Listen());
        }
    }

    /// <summary>A question was answered.</summary>
    public LineEffects Answered(Question question, AcquireReply reply, TimeSpan now)
    {
        lock (Gate)
        {
            if (question.Key != _key)
            {
                return Orphaned(question);
            }

            if (_state == LineState.Held)
            {
                // The grant came first.
                return default;
            }

            (_state, _unsure, _answered) = (LineState.Waiting, false, question.Sent);
            if (reply.FirstFence is { } fence)
            {
                _key.Taken(question.Sent, question.Lease);
                _turn.Begin(fence, question.Fences, now);
                return SeatFirst(now);
            }

            _holder = reply.Holder ?? _holder;
            if (question.Joins)
            {
                var isOurs = OwnerToken.IsOurs(reply.Holder);
                _key.Queued(question.Sent, reply.ServerTime);
                _naps.Queued(
                    reply.Rank, reply.HolderLeft ?? options.FirstLease, isOurs || reply.Rank != 0 ? Clock.Never : FirstRetry(), now);
            }
            else
            {
                _key.NotQueued();
                _naps.AskWithin(question.Kind == QuestionKind.Poll ? FirstRetry() : TimeSpan.Zero, now);
            }

            return Go();
        }
    }

    /// <summary>No subscription could be had, for now.</summary>
    public void NotSubscribed(TimeSpan now)
    {
        lock (Gate)
        {
            _naps.AskLater(_waiters.First?.Retry ?? TimeSpan.Zero, now);
        }
    }

    /// <summary>A question failed. Unless it was refused, nobody knows what became of it: asking again with the same token finds out.</summary>
    public LineEffects Failed(Question question, bool isRefused, TimeSpan now)
    {
        lock (Gate)
        {
            if (question.Key != _key)
            {
                return Orphaned(question);
            }

            if (_state == LineState.Held)
            {
                return default;
            }

            _state = LineState.Waiting;
            _unsure |= !isRefused;
            if (isRefused)
            {
                _key.Refused();
            }

            _naps.AskWithin(_waiters.First?.Retry ?? TimeSpan.Zero, now);
            return Go();
        }
    }

    /// <summary>The lock was granted to a token, at that time of the server's clock. False: not to the one that this line has now.</summary>
    public bool Granted(string token, long fence, TimeSpan granted, TimeSpan now, out LineEffects effects)
    {
        lock (Gate)
        {
            effects = default;
            if (_key?.Token != token)
            {
                return false;
            }

            if (_state == LineState.Held)
            {
                // A question was answered first.
                return true;
            }

            var age = _key.AgeOfGrant(granted, now);
            if (age > Grant / 2)
            {
                _naps.AskWithin(TimeSpan.Zero, now);
                effects = Go();
                return true;
            }

            _key.Granted(age, options.FirstLease, now);
            _turn.Begin(fence, Block, now);
            _state = LineState.Waiting;
            var lease = FirstLease;
            effects = SeatFirst(now);
            if (_hold is not null)
            {
                _key.BeginClaim(lease, now);
                effects = effects with { Request = Request.Claim, Key = _key, Lease = lease };
            }

            return true;
        }
    }

    /// <summary>Ask again in that time: a message to that token says so, or, without one, the connection that was gone is back.</summary>
    public LineEffects AskWithin(string? token, TimeSpan time, TimeSpan now)
    {
        lock (Gate)
        {
            if (_state is not (LineState.Asking or LineState.Waiting) || (token is not null && token != _key?.Token))
            {
                return default;
            }

            _naps.AskWithin(time, now);
            return Go();
        }
    }

    /// <summary>A caller leaves: without the lock, or with one that it does not want.</summary>
    public LineEffects Leave(Waiter waiter, TimeSpan now)
    {
        lock (Gate)
        {
            if (waiter.Hold is { } unwanted)
            {
                waiter.Hold = null;
                return unwanted.State != HoldState.Held || unwanted != _hold ? default
                    : Release(unwanted, now, out var effects) == ReleaseStep.AskRedis ? effects with { Request = Request.Release, Key = unwanted.Key }
                    : effects;
            }

            waiter.Holder = _hold is not null ? "another caller of this instance" : _holder is not null ? OwnerToken.Describe(_holder) : null;
            _waiters.Remove(waiter);
            return Go();
        }
    }

    /// <summary>A holder gives the lock back.</summary>
    public ReleaseStep Release(Hold hold, TimeSpan now, out LineEffects effects)
    {
        lock (Gate)
        {
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
    }

    /// <summary>A release, or a watch, was answered; another process may have been granted the lock by it.</summary>
    public void Handed(bool toAnother, TimeSpan now)
    {
        lock (Gate)
        {
            _contended |= toAnother;
            _upkeep.Watch(toAnother, now);
        }
    }

    /// <summary>A renewal, claim or extension was answered.</summary>
    public LineEffects Renewed(KeyLease key, TimeSpan sent, TimeSpan lease, bool isOurs)
    {
        lock (Gate)
        {
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
    }

    /// <summary>A renewal failed: not to know is not to lose, the deadline decides, and until then it is tried again.</summary>
    public void NotRenewed(KeyLease key, TimeSpan now)
    {
        lock (Gate)
        {
            key.NotRenewed(now);
        }
    }

    /// <summary>How long to ask Redis for, so that the holder has the lock for so long; null if it is not held.</summary>
    public TimeSpan? Extend(Hold hold, TimeSpan lease, TimeSpan now)
    {
        lock (Gate)
        {
            if (!hold.IsHeld(now))
            {
                return null;
            }

            var bounded = hold.Bound(lease, now);
            hold.Key.Expect(bounded, now);
            return bounded;
        }
    }

    /// <summary>A scope is renewed as long as anybody refers to it.</summary>
    public void Renew(Hold hold, bool renews)
    {
        lock (Gate)
        {
            hold.Renews = renews;
        }
    }

    /// <summary>Time has passed.</summary>
    public LineEffects Tick(TimeSpan now)
    {
        lock (Gate)
        {
            if (_hold is { } hold && hold.Deadline <= now)
            {
                // What was asked for without an answer must not outlive it.
                return hold.Key.LatestEnd > hold.Key.End ? Lose(hold) with { Request = Request.Release, Key = hold.Key } : Lose(hold);
            }

            return _upkeep.Tick(_hold, options.Lease, anyoneWaits: _waiters.Count > 0, now);
        }
    }

    /// <summary>The mutex is disposed of: who waits is told, and what is held is to be released.</summary>
    public Hold? Close()
    {
        lock (Gate)
        {
            _closing = true;
            for (var waiter = _waiters.First; waiter is not null; waiter = waiter.Next)
            {
                waiter.Wake();
            }

            return _hold;
        }
    }

    /// <summary>Nobody may need the line now: then it is closed, or kept for the next caller as if it were new. False: somebody does.</summary>
    public bool Rest(bool keep)
    {
        lock (Gate)
        {
            if (_state == LineState.Idle && _waiters.Count == 0 && !_upkeep.IsWatching)
            {
                (_state, _contended, _holder, _answered) = (keep ? LineState.Idle : LineState.Closed, false, null, TimeSpan.MinValue);
                return true;
            }

            return _state == LineState.Closed;
        }
    }

    private bool IsShared => _waiters.Count > 1 || _contended;

    // With a turn more where there may be hand-overs: then the last of them has a whole lease too.
    private TimeSpan FirstLease => IsShared ? options.FirstLease.Later(Turn) : options.FirstLease;

    private TimeSpan FirstRetry() => _waiters.First?.NextRetry() ?? TimeSpan.Zero;

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
        _key ??= new KeyLease(options.NewToken());
        _key.Ask(kind == QuestionKind.Join, FirstLease, now);
        _state = LineState.Asking;
        _naps.Asked();
        return new(StepKind.Ask, new Question(_key, now, FirstLease, fences, kind));
    }

    /// <summary>Redis holds the lock for this line: the first caller gets it.</summary>
    private LineEffects SeatFirst(TimeSpan now)
    {
        if (_waiters.First is not { } first)
        {
            return Go();
        }

        if (_key!.Deadline <= now || (first.WantsFence && !_turn.HasNext(wantsFence: true, now)))
        {
            // The answer was too slow, or there is no fence for this caller. Asking again with the token mends either.
            _naps.AskNow();
            return Go();
        }

        _waiters.Remove(first);
        _hold = first.Hold = new Hold(_key, _turn.Next(first.WantsFence), Gate, options, first.IsScope, now);
        _state = LineState.Held;
        _upkeep.Begin(_key, anyoneWaits: _waiters.Count > 0);
        return new(Wake: first);
    }

    /// <summary>The line had the lock, and has lost it, before this question was even sent: whatever it brings is nobody's.</summary>
    private static LineEffects Orphaned(Question question) => new(Request.Release, question.Key);

    private LineEffects Lose(Hold hold)
    {
        hold.State = HoldState.Lost;
        return Vacate() with { Lost = hold };
    }

    private LineEffects Vacate()
    {
        (_hold, _key, _state) = (null, null, LineState.Idle);
        _naps.AskNow();
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

        var key = _key;
        (_key, _state, _unsure) = (null, LineState.Idle, false);
        _naps.AskNow();
        return key is { IsKnown: true } ? new(Request.Release, key) : default;
    }
}

internal enum LineState
{
    /// <summary>Nothing is known of the lock.</summary>
    Idle,

    /// <summary>A question is under way.</summary>
    Asking,

    /// <summary>Somebody else holds it, or Redis has not answered.</summary>
    Waiting,

    /// <summary>A caller of this line holds it.</summary>
    Held,

    /// <summary>Nobody needs the line any more.</summary>
    Closed,
}
