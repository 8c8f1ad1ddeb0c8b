using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol;

/// <summary>What a caller does until it has the lock, or its time is over.</summary>
public sealed class LineWaitTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly LineHarness _line = new();

    [Fact]
    public void A_caller_that_wants_no_fence_takes_a_free_lock_with_the_plain_command()
    {
        var question = _line.Asks(_line.Comes(wantsFence: false), QuestionKind.Take);
        Assert.Equal(0, question.Fences);
    }

    [Fact]
    public void A_caller_that_wants_a_fence_asks_for_one_and_with_others_behind_it_for_a_block()
    {
        Assert.Equal(1, _line.Asks(_line.Comes()).Fences);
        var crowd = new LineHarness();
        var first = crowd.Comes();
        crowd.Comes();
        Assert.Equal(Line.Block, crowd.Asks(first).Fences);
    }

    [Fact]
    public void Only_the_first_caller_asks()
    {
        var (first, second) = (_line.Comes(), _line.Comes());
        Assert.Equal(Timeout.InfiniteTimeSpan, _line.Waits(second));
        _line.Asks(first);
        Assert.Equal(Timeout.InfiniteTimeSpan, _line.Waits(first));
        Assert.Equal(Timeout.InfiniteTimeSpan, _line.Waits(second));
    }

    [Fact]
    public void A_caller_subscribes_before_its_first_wait_and_not_before_its_first_question()
    {
        _line.Hearing = Hearing.NotYet;
        var caller = _line.Comes();
        _line.Queues(_line.Asks(caller, QuestionKind.Try), Second);
        Assert.Equal(StepKind.Subscribe, _line.Next(caller).Kind);
        _line.Hearing = Hearing.Hears;
        _line.Asks(caller, QuestionKind.Join);
    }

    [Fact]
    public void Without_a_subscription_for_now_it_is_tried_again_after_the_pause_of_the_caller()
    {
        _line.Hearing = Hearing.NotYet;
        var caller = _line.Comes(retry: LineHarness.Ms(300));
        _line.Queues(_line.Asks(caller), Second);
        _line.Line.NotSubscribed(_line.Now);
        Assert.Equal(LineHarness.Ms(300), _line.Waits(caller));
        _line.Passes(LineHarness.Ms(300));
        Assert.Equal(StepKind.Subscribe, _line.Next(caller).Kind);
    }

    [Fact]
    public void One_try_is_one_question_that_queues_nobody()
    {
        var caller = _line.Comes(wait: TimeSpan.Zero);
        _line.Queues(_line.Asks(caller, QuestionKind.Try), LineHarness.Lease, rank: -1);
        _line.HasNothing(caller);
        Assert.Equal(Request.None, _line.Line.Leave(caller, _line.Now).Request);
        Assert.True(_line.Line.Rest(keep: false));
    }

    [Fact]
    public void One_try_behind_another_caller_of_the_instance_says_no_without_Redis()
    {
        _line.Holds();
        var caller = _line.Comes(wait: TimeSpan.Zero);
        _line.HasNothing(caller);
        _line.Line.Leave(caller, _line.Now);
        Assert.Equal("another caller of this instance", caller.Holder);
    }

    [Fact]
    public void One_try_that_comes_while_another_caller_waits_does_not_take_its_place()
    {
        _line.Joins(_line.Comes());
        _line.HasNothing(_line.Comes(wait: TimeSpan.Zero));
    }

    [Fact]
    public void Who_waits_in_vain_is_told_who_has_the_lock()
    {
        var caller = _line.Comes(wait: Second);
        _line.Joins(caller);
        _line.Passes(Second);
        _line.HasNothing(caller);
        Assert.Equal(Request.Release, _line.Line.Leave(caller, _line.Now).Request);
        Assert.Equal("other", caller.Holder);
    }

    [Fact]
    public void A_caller_waits_no_longer_than_it_said()
    {
        var caller = _line.Comes(wait: 3 * Second);
        _line.Joins(caller);
        Assert.Equal(3 * Second, _line.Waits(caller));
    }

    [Fact]
    public void At_the_end_of_its_wait_a_caller_hears_the_answer_under_way_if_it_comes_soon()
    {
        var caller = _line.Comes(wait: Second);
        var (gone, question) = (_line.Comes(), _line.Asks(caller));
        _line.Line.Leave(gone, _line.Now);
        _line.Passes(Second);
        Assert.Equal(Line.Grace, _line.Waits(caller));
        _line.Takes(question);
        _line.Has(caller);
    }

    [Fact]
    public void An_answer_that_does_not_come_is_not_a_no()
    {
        var caller = _line.Comes(wait: Second);
        _line.Asks(caller);
        _line.Passes(Second + Line.Grace);
        Assert.Equal(StepKind.Unanswered, _line.Next(caller).Kind);
    }

    [Fact]
    public void At_the_end_of_its_wait_a_caller_asks_what_became_of_a_question_that_failed()
    {
        var caller = _line.Comes(wait: 2 * Second);
        _line.Passes(LineHarness.Ms(1));
        _line.Joins(caller, left: Second);
        _line.Passes(Second + LineHarness.Ms(10));
        _line.Line.Failed(_line.Asks(caller), isRefused: false, _line.Now);
        _line.Passes(Second);
        _line.Takes(_line.Asks(caller, QuestionKind.Try));
        _line.Has(caller);
    }

    [Fact]
    public void Who_comes_first_after_the_last_answer_asks_though_its_time_is_over()
    {
        var first = _line.Comes();
        _line.Joins(first);
        _line.Passes(LineHarness.Ms(1));
        var oneTry = _line.Comes(wait: TimeSpan.Zero);
        _line.Line.Leave(first, _line.Now);

        // Nobody has asked since it came.
        _line.Passes(LineHarness.Ms(1));
        _line.Asks(oneTry);
    }

    [Fact]
    public void A_foreign_holder_is_asked_about_as_often_as_the_caller_said()
    {
        var caller = _line.Comes(retry: LineHarness.Ms(250));
        _line.Joins(caller, holder: LineHarness.ForeignClient);
        Assert.Equal(LineHarness.Ms(250), _line.Waits(caller));
    }

    [Fact]
    public void A_foreign_holder_is_asked_about_by_the_first_in_the_queue_only()
    {
        var caller = _line.Comes();
        _line.Joins(caller, left: 2 * Second, rank: 1, holder: LineHarness.ForeignClient);
        Assert.InRange(_line.Waits(caller), 2 * Second, 3 * Second);
    }

    [Fact]
    public void A_strategy_says_how_often_a_foreign_holder_is_asked_about_and_when_it_is_enough()
    {
        var caller = _line.Comes(strategy: RetryStrategy.Exponential(LineHarness.Ms(100), Second).Limit(2));
        foreach (var pause in (double[])[100, 200])
        {
            _line.Joins(caller, holder: LineHarness.ForeignClient);
            Assert.Equal(LineHarness.Ms(pause), _line.Waits(caller));
            _line.Passes(LineHarness.Ms(pause));
        }

        _line.Queues(_line.Asks(caller), LineHarness.Lease, holder: LineHarness.ForeignClient);
        _line.HasNothing(caller);
    }

    [Fact]
    public void A_strategy_has_no_say_while_another_instance_of_the_library_holds_the_lock()
    {
        var caller = _line.Comes(strategy: RetryStrategy.None);
        _line.Joins(caller);
        Assert.InRange(_line.Waits(caller), LineHarness.Lease, LineHarness.Lease + Second);
    }

    [Fact]
    public void Where_hearing_is_refused_the_first_caller_asks_again_and_again()
    {
        _line.Hearing = Hearing.Refused;
        var caller = _line.Comes(retry: LineHarness.Ms(200));
        for (var i = 0; i < 3; i++)
        {
            var question = _line.Asks(caller, QuestionKind.Poll);
            Assert.False(question.Joins);
            _line.Queues(question, LineHarness.Lease, rank: -1);
            Assert.InRange(_line.Waits(caller), LineHarness.Ms(200), LineHarness.Ms(210));
            _line.Passes(LineHarness.Ms(210));
        }

        _line.Takes(_line.Asks(caller, QuestionKind.Poll));
        _line.Has(caller);
    }

    [Fact]
    public void Where_hearing_is_refused_nothing_is_left_in_Redis_that_had_to_be_removed()
    {
        _line.Hearing = Hearing.Refused;
        var caller = _line.Comes();
        _line.Queues(_line.Asks(caller, QuestionKind.Poll), LineHarness.Lease, rank: -1);
        Assert.Equal(Request.None, _line.Line.Leave(caller, _line.Now).Request);
    }

    [Theory]
    [InlineData(0, 20)]
    [InlineData(1, 20.5)]
    [InlineData(10, 25)]
    [InlineData(120, 80)]
    [InlineData(5000, 80)]
    [InlineData(-1, 20)]
    public void Those_further_behind_look_later(int rank, double seconds)
    {
        var caller = _line.Comes();
        _line.Joins(caller, left: 20 * Second, rank);
        Assert.InRange(_line.Waits(caller) - (seconds * Second), TimeSpan.Zero, LineHarness.Ms(10));
    }

    [Fact]
    public void Nobody_sleeps_for_more_than_ten_minutes()
    {
        var caller = _line.Comes();
        _line.Joins(caller, left: TimeSpan.FromDays(1), rank: 3);
        Assert.Equal(TimeSpan.FromMinutes(10), _line.Waits(caller));
    }
}
