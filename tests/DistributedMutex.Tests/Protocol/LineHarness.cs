using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol;

/// <summary>Plays the driver of one <see cref="Line"/>, by hand: the test says what happens, and when.</summary>
internal sealed class LineHarness
{
    public const long Fence = 1000;
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    // Of the library's kind, of another process.
    public static readonly string OtherProcess = "other:" + new string('0', 32);
    public const string ForeignClient = "redis-py";

    private int _tokens;

    public LineHarness(TimeSpan? lease = null, TimeSpan? maxHold = null) =>
        Line = new Line(new LineOptions(lease ?? Lease, maxHold, () => $"mine:{++_tokens:x32}"));

    public Line Line { get; }

    public TimeSpan Now { get; private set; } = TimeSpan.FromHours(5);

    /// <summary>The server's clock, which has another beginning.</summary>
    public TimeSpan ServerNow => Now + TimeSpan.FromDays(20_000);

    public Hearing Hearing { get; set; } = Hearing.Hears;

    public static TimeSpan Ms(double ms) => TimeSpan.FromMilliseconds(ms);

    public void Passes(TimeSpan time) => Now += time;

    public Waiter NewWaiter(
        TimeSpan? wait = null, bool isScope = true, bool wantsFence = true, TimeSpan? retry = null, RetryStrategy? strategy = null) => new()
        {
            Came = Now,
            Wait = wait ?? Timeout.InfiniteTimeSpan,
            Retry = retry ?? Ms(100),
            Strategy = strategy,
            IsScope = isScope,
            WantsFence = wantsFence,
        };

    /// <summary>A caller comes and waits, for ever unless said otherwise.</summary>
    public Waiter Comes(
        TimeSpan? wait = null, bool isScope = true, bool wantsFence = true, TimeSpan? retry = null, RetryStrategy? strategy = null)
    {
        var waiter = NewWaiter(wait, isScope, wantsFence, retry, strategy);
        Assert.True(Line.TryEnter(waiter));
        return waiter;
    }

    public Step Next(Waiter waiter) => Line.Next(waiter, Hearing, Now);

    public Question Asks(Waiter waiter)
    {
        var step = Next(waiter);
        Assert.Equal(StepKind.Ask, step.Kind);
        return step.Question;
    }

    public Question Asks(Waiter waiter, QuestionKind kind)
    {
        var question = Asks(waiter);
        Assert.Equal(kind, question.Kind);
        return question;
    }

    /// <summary>For how long the caller is to wait.</summary>
    public TimeSpan Waits(Waiter waiter)
    {
        var step = Next(waiter);
        Assert.Equal(StepKind.Wait, step.Kind);
        return step.Until == Clock.Never ? Timeout.InfiniteTimeSpan : step.Until - Now;
    }

    public Hold Has(Waiter waiter)
    {
        Assert.Equal(StepKind.Done, Next(waiter).Kind);
        Assert.NotNull(waiter.Hold);
        Assert.True(waiter.Hold.IsHeld(Now));
        return waiter.Hold;
    }

    public void HasNothing(Waiter waiter)
    {
        Assert.Equal(StepKind.Done, Next(waiter).Kind);
        Assert.Null(waiter.Hold);
    }

    /// <summary>Redis answers: the lock is yours.</summary>
    public LineEffects Takes(Question question) =>
        Line.Answered(question, new AcquireReply(question.Fences > 0 ? Fence : 0), Now);

    /// <summary>Redis answers: somebody else holds it.</summary>
    public LineEffects Queues(Question question, TimeSpan? left, int rank = 0, string? holder = null) =>
        Line.Answered(question, new AcquireReply(null, left, holder ?? OtherProcess, ServerNow, rank), Now);

    /// <summary>A caller asks, and waits behind another process that has that much left, or a lease.</summary>
    public Question Joins(Waiter waiter, TimeSpan? left = null, int rank = 0, string? holder = null)
    {
        var question = Asks(waiter);
        if (question.Kind != QuestionKind.Join)
        {
            Queues(question, null);
            question = Asks(waiter, QuestionKind.Join);
        }

        Queues(question, left ?? Lease, rank, holder);
        return question;
    }

    /// <summary>The message that the lock was granted, so long ago.</summary>
    public LineEffects IsGranted(string token, TimeSpan ago = default, long fence = Fence)
    {
        Assert.True(Line.Granted(token, fence, ServerNow - ago, Now, out var effects));
        return effects;
    }

    /// <summary>A caller comes, asks and gets the lock at once.</summary>
    public Hold Holds(bool isScope = true, bool wantsFence = true, bool renews = false)
    {
        var waiter = Comes(isScope: isScope, wantsFence: wantsFence);
        Takes(Asks(waiter));
        var hold = Has(waiter);
        hold.Renew(renews);
        return hold;
    }

    /// <summary>A caller comes, waits behind another process, and is granted the lock; others may have come meanwhile.</summary>
    public Hold HoldsByGrant(out Waiter[] others, int howMany = 0, bool wantsFence = true)
    {
        var first = Comes();
        others = Enumerable.Range(0, howMany).Select(_ => Comes(wantsFence: wantsFence)).ToArray();
        var question = Joins(first);
        var claim = IsGranted(question.Key.Token);
        Assert.Equal(Request.Claim, claim.Request);
        Line.Renewed(claim.Key!, Now, claim.Lease, isOurs: true);
        return Has(first);
    }

    public ReleaseStep Releases(Hold hold) => Line.Release(hold, Now, out _);

    /// <summary>What is due now.</summary>
    public LineEffects Ticks()
    {
        Assert.True(Line.Due <= Now, $"Due in {Line.Due - Now}.");
        return Line.Tick(Now);
    }

    /// <summary>What is due next, when it is.</summary>
    public LineEffects TicksNext()
    {
        Assert.NotEqual(Clock.Never, Line.Due);
        Now = Line.Due > Now ? Line.Due : Now;
        return Line.Tick(Now);
    }
}
