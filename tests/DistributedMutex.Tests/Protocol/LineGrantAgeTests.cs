using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol;

/// <summary>A process may sleep between any two instructions: a grant is believed only when it is known to be young.</summary>
public sealed class LineGrantAgeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private LineHarness _line = new();

    [Fact]
    public void A_young_grant_is_the_lock_and_is_claimed_at_once()
    {
        var caller = _line.Comes();
        var question = _line.Joins(caller);
        _line.Passes(10 * Second);
        var effects = _line.IsGranted(question.Key.Token, ago: LineHarness.Ms(200));
        Assert.Equal((Request.Claim, question.Key, LineHarness.Lease, caller), (effects.Request, effects.Key, effects.Lease, effects.Wake));
        Assert.Equal(LineHarness.Fence, _line.Has(caller).Fence);

        // Until the claim is answered, it is sure of the grant only, less its age: 0.2 s, and 1 % of the 10 s that it was waited for.
        Assert.InRange(caller.Hold!.Remaining(_line.Now), Second * 2.6, Second * 2.7);
    }

    [Fact]
    public void A_winner_that_was_paused_past_its_grant_asks_instead()
    {
        var caller = _line.Comes();
        var question = _line.Joins(caller);
        _line.Passes(5 * Second);
        var effects = _line.IsGranted(question.Key.Token, ago: 4 * Second);
        Assert.Equal((Request.None, caller), (effects.Request, effects.Wake));
        Assert.Null(caller.Hold);
        Assert.Same(question.Key, _line.Asks(caller, QuestionKind.Join).Key);
    }

    [Fact]
    public void A_grant_of_more_than_half_its_time_is_not_believed()
    {
        var caller = _line.Comes();
        var question = _line.Joins(caller);
        _line.Passes(2 * Second);
        _line.IsGranted(question.Key.Token, ago: (Line.Grant / 2) + LineHarness.Ms(1));
        Assert.Null(caller.Hold);
    }

    [Fact]
    public void A_question_under_way_makes_no_stale_grant_young()
    {
        var caller = _line.Comes();
        var question = _line.Joins(caller, left: 10 * Second);
        _line.Passes(11 * Second);
        _line.Asks(caller, QuestionKind.Join);
        _line.Passes(3 * Second);

        // It was made just after the question was asked, which is not answered.
        _line.IsGranted(question.Key.Token, ago: 3 * Second);
        Assert.Null(caller.Hold);
    }

    [Fact]
    public void A_stale_grant_during_a_question_is_asked_about_when_that_is_answered()
    {
        var caller = _line.Comes();
        var first = _line.Joins(caller, left: 10 * Second);
        _line.Passes(11 * Second);
        var second = _line.Asks(caller, QuestionKind.Join);
        _line.Passes(3 * Second);
        _line.IsGranted(first.Key.Token, ago: 3 * Second);
        _line.Queues(second, LineHarness.Lease);
        _line.Asks(caller, QuestionKind.Join);
    }

    [Fact]
    public void A_failed_question_makes_no_stale_grant_young()
    {
        var caller = _line.Comes();
        var question = _line.Joins(caller, left: 10 * Second);
        _line.Passes(11 * Second);
        _line.Line.Failed(_line.Asks(caller, QuestionKind.Join), isRefused: false, _line.Now);
        _line.Passes(3 * Second);
        _line.IsGranted(question.Key.Token, ago: 3 * Second);
        Assert.Null(caller.Hold);
    }

    [Fact]
    public void Before_any_answer_a_grant_is_no_older_than_the_first_join()
    {
        var caller = _line.Comes();
        var question = _line.Asks(caller, QuestionKind.Join);
        _line.Passes(Second);

        // Whatever the server's clock says: nothing is known of that.
        _line.IsGranted(question.Key.Token, ago: -30 * Second);
        Assert.InRange(_line.Has(caller).Remaining(_line.Now), Second, 2 * Second);
    }

    [Fact]
    public void Before_any_answer_a_grant_that_may_be_as_old_as_the_first_join_is_not_believed()
    {
        var caller = _line.Comes();
        var first = _line.Asks(caller, QuestionKind.Join);
        _line.Passes(5 * Second);
        _line.Line.Failed(first, isRefused: false, _line.Now);
        _line.Passes(LineHarness.Ms(200));
        _line.Asks(caller, QuestionKind.Join);
        _line.IsGranted(first.Key.Token);
        Assert.Null(caller.Hold);
    }

    [Fact]
    public void A_grant_to_a_token_that_was_never_queued_is_a_hint_to_ask()
    {
        var caller = _line.Comes(wait: TimeSpan.Zero);
        var question = _line.Asks(caller, QuestionKind.Try);
        _line.IsGranted(question.Key.Token);
        Assert.Null(caller.Hold);
    }

    [Fact]
    public void The_last_answer_is_the_measure_and_not_the_first()
    {
        var caller = _line.Comes();
        _line.Joins(caller, left: 300 * Second);
        _line.Passes(301 * Second);
        var again = _line.Joins(caller);
        _line.Passes(Second);

        // By the first answer, 1 % of five minutes would make it 3 s older.
        _line.IsGranted(again.Key.Token, ago: LineHarness.Ms(500));
        Assert.InRange(_line.Has(caller).Remaining(_line.Now), Second * 2.4, Second * 2.5);
    }

    [Theory]
    [InlineData(1.005)]
    [InlineData(0.995)]
    public void Whoever_believes_a_grant_does_so_no_longer_than_the_server_though_their_clocks_differ(double speed)
    {
        var caller = _line.Comes();
        var question = _line.Joins(caller);
        var answered = (Local: _line.Now, Server: _line.ServerNow);
        _line.Passes(20 * Second);

        // The server's clock when the message comes, which has been under way for a second.
        var server = answered.Server + ((_line.Now - answered.Local) * speed);
        Assert.True(_line.Line.Granted(question.Key.Token, LineHarness.Fence, server - Second, _line.Now, out _));
        var remaining = _line.Has(caller).Remaining(_line.Now);
        Assert.InRange(remaining * speed, LineHarness.Ms(1000), 2 * Second);
    }

    [Fact]
    public void A_question_that_comes_after_a_grant_may_have_made_it_as_short_as_the_lease()
    {
        _line = new LineHarness(lease: Second);
        var caller = _line.Comes();
        var question = _line.Joins(caller, left: 2 * Second);
        _line.Passes(3 * Second);
        _line.Asks(caller, QuestionKind.Join);
        _line.Passes(1.2 * Second);
        _line.IsGranted(question.Key.Token, ago: 1.2 * Second);
        Assert.Null(caller.Hold);
        _line.IsGranted(question.Key.Token, ago: 0.5 * Second);
        Assert.InRange(_line.Has(caller).Remaining(_line.Now), Second * 0.4, Second * 0.5);
    }
}
