using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol;

/// <summary>Callers that leave, whatever is under way for them: nothing stays locked, and nobody behind them loses by it.</summary>
public sealed class LineLeaveTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly LineHarness _line = new();

    [Fact]
    public void What_an_unanswered_question_may_have_taken_is_released_when_its_last_caller_leaves()
    {
        var caller = _line.Comes();
        var lost = _line.Asks(caller);
        _line.Line.Failed(lost, isRefused: false, _line.Now);
        var effects = _line.Line.Leave(caller, _line.Now);
        Assert.Equal((Request.Release, lost.Key), (effects.Request, effects.Key));
    }

    [Fact]
    public void A_caller_that_leaves_during_its_question_gives_back_what_the_answer_brings()
    {
        var caller = _line.Comes();
        var question = _line.Asks(caller);
        Assert.Equal(Request.None, _line.Line.Leave(caller, _line.Now).Request);
        var effects = _line.Takes(question);
        Assert.Equal((Request.Release, question.Key), (effects.Request, effects.Key));
    }

    [Fact]
    public void A_caller_that_leaves_during_its_question_leaves_the_queue_when_that_is_answered()
    {
        var caller = _line.Comes();
        var question = _line.Asks(caller, QuestionKind.Join);
        _line.Line.Leave(caller, _line.Now);
        Assert.Equal(Request.Release, _line.Queues(question, Second).Request);
        Assert.True(_line.Line.Rest(keep: false));
    }

    [Fact]
    public void A_caller_that_leaves_during_its_question_leaves_the_queue_when_that_fails()
    {
        var caller = _line.Comes();
        var question = _line.Asks(caller);
        _line.Line.Leave(caller, _line.Now);
        Assert.Equal(Request.Release, _line.Line.Failed(question, isRefused: false, _line.Now).Request);
        Assert.True(_line.Line.Rest(keep: false));
    }

    [Fact]
    public void The_question_of_a_caller_that_leaves_is_answered_to_the_next()
    {
        var (first, second) = (_line.Comes(), _line.Comes());
        var question = _line.Asks(first);
        _line.Line.Leave(first, _line.Now);
        Assert.Same(second, _line.Takes(question).Wake);
        _line.Has(second);
    }

    [Fact]
    public void A_caller_that_is_cancelled_while_it_is_granted_the_lock_gives_it_back_at_once()
    {
        var caller = _line.Comes();
        var question = _line.Joins(caller);
        _line.IsGranted(question.Key.Token);
        var effects = _line.Line.Leave(caller, _line.Now);
        Assert.Equal((Request.Release, question.Key), (effects.Request, effects.Key));
        Assert.Null(caller.Hold);
    }

    [Fact]
    public void A_caller_that_is_cancelled_while_it_is_granted_the_lock_gives_it_to_the_next_inside()
    {
        Assert.Equal(ReleaseStep.HandedOver, _line.Releases(_line.HoldsByGrant(out var others, 2)));
        Assert.Same(others[1], _line.Line.Leave(others[0], _line.Now).Wake);
        Assert.Null(others[0].Hold);
        _line.Has(others[1]);
    }

    [Fact]
    public void A_grant_to_a_token_that_nobody_waits_with_any_more_is_not_the_lines()
    {
        var caller = _line.Comes();
        var question = _line.Joins(caller);
        Assert.Equal(Request.Release, _line.Line.Leave(caller, _line.Now).Request);
        Assert.False(_line.Line.Granted(question.Key.Token, LineHarness.Fence, _line.ServerNow, _line.Now, out _));
    }

    [Fact]
    public void A_question_that_is_refused_leaves_nothing_to_be_released()
    {
        var caller = _line.Comes(wantsFence: false);
        _line.Line.Failed(_line.Asks(caller, QuestionKind.Take), isRefused: true, _line.Now);
        Assert.Equal(Request.None, _line.Line.Leave(caller, _line.Now).Request);
    }

    [Fact]
    public void A_question_that_is_refused_says_nothing_of_one_before_that_was_not_answered()
    {
        var caller = _line.Comes(wait: Second, wantsFence: false);
        var lost = _line.Asks(caller, QuestionKind.Take);
        _line.Line.Failed(lost, isRefused: false, _line.Now);
        _line.Passes(2 * Second);
        _line.Line.Failed(_line.Asks(caller), isRefused: true, _line.Now);
        var effects = _line.Line.Leave(caller, _line.Now);
        Assert.Equal((Request.Release, lost.Key), (effects.Request, effects.Key));
    }

    [Fact]
    public void A_caller_that_leaves_wakes_the_next()
    {
        var (first, second) = (_line.Comes(), _line.Comes());
        var question = _line.Joins(first);
        var effects = _line.Line.Leave(first, _line.Now);
        Assert.Equal(new LineEffects(Wake: second), effects);

        // With the place in the queue.
        _line.IsGranted(question.Key.Token);
        _line.Has(second);
    }

    [Fact]
    public void A_place_in_the_queue_is_left_though_the_last_question_was_one_that_does_not_join()
    {
        var caller = _line.Comes(wait: 2 * Second);
        var question = _line.Joins(caller, left: Second);
        _line.Passes(Second + LineHarness.Ms(10));
        _line.Line.Failed(_line.Asks(caller, QuestionKind.Join), isRefused: false, _line.Now);
        _line.Passes(Second);
        _line.Queues(_line.Asks(caller, QuestionKind.Try), Second, rank: 0);
        _line.HasNothing(caller);
        var effects = _line.Line.Leave(caller, _line.Now);
        Assert.Equal((Request.Release, question.Key), (effects.Request, effects.Key));
    }
}
