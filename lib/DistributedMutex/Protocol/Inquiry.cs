namespace DistributedMutex.Protocol;

/// <summary>What a line has asked Redis with its owner token, what it was told, and when it asks again.</summary>
internal struct Inquiry(LineOptions options)
{
    private Naps _naps;
    private TimeSpan _answered = TimeSpan.MinValue;
    private bool _unsure;

    /// <summary>The token's, with which it asks and holds; none before the first question.</summary>
    public KeyLease? Key { get; private set; }

    /// <summary>Who held the lock when Redis last said so.</summary>
    public string? Holder { get; private set; }

    /// <summary>When to ask again.</summary>
    public readonly TimeSpan AskAt => _naps.AskAt;

    /// <summary>Whether Redis has answered a question that was asked since the caller came.</summary>
    public readonly bool IsAnswered(Waiter waiter) => !_unsure && _answered >= waiter.Came;

    public Question Ask(QuestionKind kind, TimeSpan lease, int fences, TimeSpan now)
    {
        Key ??= new KeyLease(options.NewToken());
        Key.Ask(kind == QuestionKind.Join, lease, now);
        _naps.Asked();
        return new Question(Key, now, lease, fences, kind);
    }

    /// <summary>The answer. False: somebody else holds the lock.</summary>
    public bool Answered(Question question, AcquireReply reply, Waiter? first, TimeSpan now)
    {
        (_unsure, _answered) = (false, question.Sent);
        if (reply.FirstFence is not null)
        {
            question.Key.Taken(question.Sent, question.Lease);
            return true;
        }

        Holder = reply.Holder ?? Holder;
        if (question.Joins)
        {
            question.Key.Queued(question.Sent, reply.ServerTime);
            var polls = reply.Rank == 0 && !OwnerToken.IsOurs(reply.Holder);
            _naps.Queued(reply.Rank, reply.HolderLeft ?? options.FirstLease, polls ? Retry(first) : Clock.Never, now);
        }
        else
        {
            question.Key.NotQueued();
            _naps.AskWithin(question.Kind == QuestionKind.Poll ? Retry(first) : TimeSpan.Zero, now);
        }

        return false;
    }

    /// <summary>There was no answer, or a refusal.</summary>
    public void Failed(Question question, bool isRefused, Waiter? first, TimeSpan now)
    {
        _unsure |= !isRefused;
        if (isRefused)
        {
            question.Key.Refused();
        }

        _naps.AskWithin(first?.Retry ?? TimeSpan.Zero, now);
    }

    /// <summary>A message says that the lock was granted, at that time of the server's clock. False: that may be long ago, ask instead.</summary>
    public bool Granted(TimeSpan granted, TimeSpan now)
    {
        var age = Key!.AgeOfGrant(granted, now);
        if (age > Line.Grant / 2)
        {
            _naps.AskWithin(TimeSpan.Zero, now);
            return false;
        }

        Key.Granted(age, options.FirstLease, now);
        return true;
    }

    /// <summary>Ask in that time, or earlier.</summary>
    public void AskWithin(TimeSpan time, TimeSpan now) => _naps.AskWithin(time, now);

    /// <summary>Ask no earlier than in that time.</summary>
    public void AskLater(TimeSpan time, TimeSpan now) => _naps.AskLater(time, now);

    /// <summary>Ask at once.</summary>
    public void AskNow() => _naps.AskNow();

    /// <summary>The token has done its service: the next question, which may be asked at once, has another.</summary>
    public void EndToken()
    {
        (Key, _unsure) = (null, false);
        _naps.AskNow();
    }

    private static TimeSpan Retry(Waiter? first) => first?.NextRetry() ?? TimeSpan.Zero;
}
