namespace DistributedMutex.Protocol;

/// <summary>What a <see cref="Line"/> wants done: in this order, and outside its gate.</summary>
/// <param name="Request">What to send to Redis. It is sent before the caller that is woken can send anything.</param>
/// <param name="Key">The token's, that the request is for.</param>
/// <param name="Lease">The lease to ask for; zero asks for none, only whether the lock is still ours.</param>
/// <param name="Wake">The caller to wake.</param>
/// <param name="Lost">The hold whose caller is to be told that it is lost.</param>
internal readonly record struct LineEffects(Request Request = Request.None, KeyLease? Key = null, TimeSpan Lease = default, Waiter? Wake = null, Hold? Lost = null);

internal enum Request
{
    None,

    /// <summary>Make a grant a whole lease.</summary>
    Claim,

    /// <summary>Renew the lease, or ask whether it is still ours.</summary>
    Renew,

    /// <summary>Release the lock, or leave the queue, and repeat it until it is answered.</summary>
    Release,

    /// <summary>See to a grant that was not claimed.</summary>
    Watch,
}

/// <summary>What a caller is to do next.</summary>
/// <param name="Kind">What.</param>
/// <param name="Question">What to ask, if that is it.</param>
/// <param name="Until">When to look again, if it is to wait.</param>
/// <param name="News">Completes earlier if there is news.</param>
internal readonly record struct Step(StepKind Kind, Question Question = default, TimeSpan Until = default, Task? News = null);

internal enum StepKind
{
    /// <summary>It has its hold, or its time is over.</summary>
    Done,

    /// <summary>The mutex was disposed.</summary>
    Closed,

    /// <summary>Its time is over, and the question under way is not answered.</summary>
    Unanswered,

    /// <summary>Wait for news.</summary>
    Wait,

    /// <summary>Subscribe, since it will have to wait.</summary>
    Subscribe,

    /// <summary>Ask Redis for the lock.</summary>
    Ask,
}

/// <summary>A question for the lock.</summary>
/// <param name="Key">Whose token.</param>
/// <param name="Sent">When it was asked.</param>
/// <param name="Lease">For how long.</param>
/// <param name="Fences">How many fences to mint.</param>
/// <param name="Kind">How.</param>
internal readonly record struct Question(KeyLease Key, TimeSpan Sent, TimeSpan Lease, int Fences, QuestionKind Kind)
{
    public bool Joins => Kind == QuestionKind.Join;
}

internal enum QuestionKind
{
    /// <summary>Take it if it is free, with the plain command.</summary>
    Take,

    /// <summary>Take it if it is free and nobody waits.</summary>
    Try,

    /// <summary>The same, again and again, since grants can't be heard.</summary>
    Poll,

    /// <summary>The same, or join the queue.</summary>
    Join,
}

/// <summary>Whether grants can be heard.</summary>
internal enum Hearing
{
    NotYet,
    Hears,

    /// <summary>The server or the connection allows no subscription: whoever waits has to ask.</summary>
    Refused,
}

/// <summary>What became of a release.</summary>
internal enum ReleaseStep
{
    /// <summary>It was not held any more.</summary>
    NotHeld,

    /// <summary>The next caller of this instance has it.</summary>
    HandedOver,

    /// <summary>It is to be released in Redis.</summary>
    AskRedis,
}
