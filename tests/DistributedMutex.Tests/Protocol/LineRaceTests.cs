using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol;

/// <summary>Replies, grants and claims that come late, twice or never, and callers that leave meanwhile.</summary>
public sealed class LineRaceTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly LineHarness _line = new();

    [Fact]
    public void A_lost_reply_to_acquire_is_found_out_about_with_the_same_token()
    {
        var caller = _line.Comes(retry: LineHarness.Ms(100));
        var lost = _line.Asks(caller);
        Assert.Same(caller, _line.Line.Failed(lost, isRefused: false, _line.Now).Wake);

        Assert.InRange(_line.Waits(caller), LineHarness.Ms(100), LineHarness.Ms(110));
        _line.Passes(LineHarness.Ms(110));
        var again = _line.Asks(caller);
        Assert.Same(lost.Key, again.Key);
        _line.Takes(again);
        _line.Has(caller);
    }

    [Fact]
    public void A_caller_whose_time_is_over_still_asks_whether_the_unanswered_question_took_the_lock()
    {
        var caller = _line.Comes(wait: Second);
        _line.Line.Failed(_line.Asks(caller), isRefused: false, _line.Now);
        _line.Passes(2 * Second);
        var again = _line.Asks(caller, QuestionKind.Try);
        _line.Queues(again, Second, rank: -1);
        _line.HasNothing(caller);
    }

    [Fact]
    public void A_lost_grant_is_found_out_about_when_its_time_has_passed()
    {
        var caller = _line.Comes();
        var question = _line.Joins(caller, left: 20 * Second, rank: 1);

        // The one before has got it: look when that grant is over. The grant to this one is then lost as well.
        Assert.Same(caller, _line.Line.AskWithin(question.Key.Token, Line.Grant, _line.Now).Wake);
        Assert.InRange(_line.Waits(caller), Line.Grant, Line.Grant + LineHarness.Ms(10));
        _line.Passes(Line.Grant + LineHarness.Ms(10));
        var again = _line.Asks(caller, QuestionKind.Join);
        Assert.Same(question.Key, again.Key);
        _line.Takes(again);
        _line.Has(caller);
    }

    [Fact]
    public void A_hint_that_comes_during_a_question_is_not_forgotten_with_its_answer()
    {
        var caller = _line.Comes();
        var question = _line.Asks(caller, QuestionKind.Join);
        _line.Line.AskWithin(question.Key.Token, TimeSpan.Zero, _line.Now);
        _line.Queues(question, LineHarness.Lease);
        _line.Asks(caller, QuestionKind.Join);
    }

    [Fact]
    public void A_message_for_another_token_changes_nothing()
    {
        var caller = _line.Comes();
        _line.Joins(caller);
        Assert.Equal(default, _line.Line.AskWithin("mine:old", TimeSpan.Zero, _line.Now));
        Assert.InRange(_line.Waits(caller), LineHarness.Lease, LineHarness.Lease + LineHarness.Ms(10));
    }

    [Fact]
    public void All_ask_when_the_connection_is_back()
    {
        var caller = _line.Comes();
        _line.Joins(caller);
        Assert.Same(caller, _line.Line.AskWithin(null, TimeSpan.Zero, _line.Now).Wake);
        _line.Asks(caller, QuestionKind.Join);
    }

    [Fact]
    public void A_grant_that_overtakes_the_answer_makes_the_answer_nothing_new()
    {
        var caller = _line.Comes();
        var question = _line.Asks(caller, QuestionKind.Join);
        _line.Passes(Second);
        Assert.Equal(Request.Claim, _line.IsGranted(question.Key.Token).Request);
        var held = _line.Has(caller);
        Assert.Equal(default, _line.Queues(question, LineHarness.Lease));
        Assert.True(held.IsHeld(_line.Now));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_question_that_was_sent_after_its_grant_was_had_and_lost_brings_nothing_that_stays(bool isAnswered)
    {
        // The thread that asks has slept between asking the line and asking Redis.
        var caller = _line.Comes();
        var slow = _line.Asks(caller, QuestionKind.Join);
        _line.IsGranted(slow.Key.Token);
        Assert.Same(caller.Hold, _line.TicksNext().Lost);
        _line.Asks(caller);
        var effects = isAnswered ? _line.Takes(slow) : _line.Line.Failed(slow, isRefused: false, _line.Now);
        Assert.Equal(new LineEffects(Request.Release, slow.Key), effects);
    }

    [Fact]
    public void A_later_answer_is_heard_though_an_earlier_one_was_taken_for_it()
    {
        var (gone, caller) = (_line.Comes(), _line.Comes());
        var early = _line.Asks(gone, QuestionKind.Join);
        _line.Line.Leave(gone, _line.Now);
        _line.IsGranted(early.Key.Token);
        _line.Passes(LineHarness.Lease);
        var late = _line.Asks(caller, QuestionKind.Join);
        Assert.Same(early.Key, late.Key);
        _line.Queues(early, LineHarness.Lease);
        _line.Takes(late);
        _line.Has(caller);
    }

    [Fact]
    public void A_grant_is_believed_once_however_often_it_comes()
    {
        var caller = _line.Comes();
        var question = _line.Joins(caller);
        _line.IsGranted(question.Key.Token);
        var held = _line.Has(caller);
        Assert.Equal(default, _line.IsGranted(question.Key.Token));
        _line.Releases(held);
        Assert.False(_line.Line.Granted(question.Key.Token, LineHarness.Fence, _line.ServerNow, _line.Now, out _));
    }

    [Fact]
    public void A_grant_that_was_found_out_about_by_a_question_changes_nothing_when_it_is_heard()
    {
        var caller = _line.Comes();
        var question = _line.Joins(caller, left: Second);
        _line.Passes(Second + LineHarness.Ms(10));
        _line.Takes(_line.Asks(caller));
        var held = _line.Has(caller);
        var remaining = held.Remaining(_line.Now);
        Assert.Equal(default, _line.IsGranted(question.Key.Token));
        Assert.Equal(remaining, held.Remaining(_line.Now));
    }

    [Fact]
    public void A_lock_whose_lease_ended_on_the_way_to_its_caller_is_never_returned()
    {
        var caller = _line.Comes(wantsFence: false);
        var question = _line.Asks(caller);
        _line.Takes(question);
        _line.Passes(LineHarness.Lease);
        var again = _line.Asks(caller);
        Assert.Null(caller.Hold);

        // The server may know it yet, and nobody has taken notice of its end.
        Assert.Same(question.Key, again.Key);
    }

    [Fact]
    public void A_lock_that_was_lost_on_the_way_to_its_caller_is_never_returned()
    {
        var (caller, next) = (_line.Comes(), _line.Comes());
        var question = _line.Asks(caller);
        _line.Takes(question);
        _line.Passes(LineHarness.Lease);
        Assert.Same(caller.Hold, _line.Ticks().Lost);

        // It is its turn still, and not that of who came later.
        var again = _line.Asks(caller);
        Assert.Null(caller.Hold);
        Assert.NotSame(question.Key, again.Key);
        Assert.Equal(Timeout.InfiniteTimeSpan, _line.Waits(next));
    }

    [Fact]
    public void An_answer_that_is_older_than_its_lease_is_no_lock()
    {
        var caller = _line.Comes();
        var question = _line.Asks(caller);
        _line.Passes(LineHarness.Lease);
        _line.Takes(question);
        Assert.Null(caller.Hold);
        var again = _line.Asks(caller);
        Assert.Same(question.Key, again.Key);
        _line.Takes(again);
        Assert.InRange(_line.Has(caller).Remaining(_line.Now), LineHarness.Lease * 0.98, LineHarness.Lease);
    }

    [Fact]
    public void A_claim_that_is_lost_is_sent_again_before_the_grant_is_over()
    {
        var caller = _line.Comes();
        var question = _line.Joins(caller);
        var claim = _line.IsGranted(question.Key.Token);
        var held = _line.Has(caller);
        _line.Line.NotRenewed(claim.Key!, _line.Now);

        var again = _line.TicksNext();
        Assert.Equal((Request.Renew, claim.Key), (again.Request, again.Key));
        Assert.True(held.IsHeld(_line.Now));
        Assert.InRange(again.Lease, LineHarness.Lease - Line.Grant, LineHarness.Lease);
        _line.Line.Renewed(again.Key!, _line.Now, again.Lease, isOurs: true);
        Assert.InRange(held.Remaining(_line.Now), LineHarness.Lease - Line.Grant, LineHarness.Lease);
    }

    [Fact]
    public void A_claim_that_is_refused_is_a_lost_lock()
    {
        var (caller, next) = (_line.Comes(), _line.Comes());
        var question = _line.Joins(caller);
        var claim = _line.IsGranted(question.Key.Token);
        var held = _line.Has(caller);
        var effects = _line.Line.Renewed(claim.Key!, _line.Now, claim.Lease, isOurs: false);
        Assert.Equal((held, next), (effects.Lost, effects.Wake));
        Assert.False(held.IsHeld(_line.Now));
    }

    [Fact]
    public void A_lock_that_is_lost_or_released_is_not_released_for_the_next()
    {
        var held = _line.Holds();
        var next = _line.Comes();
        _line.Line.Release(held, _line.Now, out var effects);
        Assert.Equal(new LineEffects(Wake: next), effects);
        _line.Takes(_line.Asks(next));
        var successor = _line.Has(next);
        Assert.Equal(ReleaseStep.NotHeld, _line.Releases(held));
        Assert.True(successor.IsHeld(_line.Now));
        Assert.Equal(default, _line.Line.Renewed(held.Key, _line.Now, LineHarness.Lease, isOurs: false));
        Assert.True(successor.IsHeld(_line.Now));
    }

    [Fact]
    public void The_answer_to_a_renewal_that_comes_after_the_release_touches_nobody()
    {
        var held = _line.Holds();
        _line.Comes();
        Assert.Equal(ReleaseStep.AskRedis, _line.Releases(held));
        Assert.Equal(default, _line.Line.Renewed(held.Key, _line.Now, LineHarness.Lease, isOurs: false));
        Assert.Equal(ReleaseStep.NotHeld, _line.Releases(held));
    }
}
