using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol;

/// <summary>What a line does while it holds, and after it has handed the lock to another process.</summary>
public sealed class LineUpkeepTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private LineHarness _line = new();

    [Fact]
    public void A_scope_is_renewed_a_third_of_its_lease_after_the_last_time()
    {
        var held = _line.Holds(renews: true);
        for (var i = 0; i < 10; i++)
        {
            var asked = _line.Now;
            var renewal = _line.TicksNext();
            Assert.Equal((Request.Renew, held.Key, LineHarness.Lease), (renewal.Request, renewal.Key, renewal.Lease));
            Assert.InRange(_line.Now - asked, LineHarness.Lease / 3.1, LineHarness.Lease / 3);
            _line.Line.Renewed(held.Key, _line.Now, LineHarness.Lease, isOurs: true);
            Assert.InRange(held.Remaining(_line.Now), LineHarness.Lease * 0.98, LineHarness.Lease);
        }
    }

    [Fact]
    public void What_is_not_renewed_is_lost_at_its_deadline_and_no_request_is_sent()
    {
        var held = _line.Holds();
        var began = _line.Now;
        Assert.Equal(new LineEffects(Lost: held), _line.TicksNext());
        Assert.Equal(LineHarness.Lease * 0.99, _line.Now - began);
        Assert.Equal(Clock.Never, _line.Line.Due);
        Assert.True(_line.Line.Rest(keep: false));
    }

    [Fact]
    public void A_scope_that_nobody_refers_to_any_more_is_not_renewed()
    {
        var held = _line.Holds(renews: true);
        held.Renew(false);
        Assert.Same(held, _line.TicksNext().Lost);
    }

    [Fact]
    public void A_failed_renewal_is_tried_again_until_the_deadline_and_what_it_may_have_done_is_undone()
    {
        var held = _line.Holds(renews: true);
        var (deadline, tries) = (held.Deadline, 0);
        LineEffects effects;
        while ((effects = _line.TicksNext()).Lost is null)
        {
            Assert.Equal(Request.Renew, effects.Request);
            Assert.True(held.IsHeld(_line.Now));
            _line.Line.NotRenewed(held.Key, _line.Now);
            Assert.InRange(++tries, 1, 60);
        }

        Assert.InRange(tries, 10, 60);
        Assert.Equal(deadline, _line.Now);
        Assert.Equal((held, Request.Release, held.Key), (effects.Lost, effects.Request, effects.Key));
    }

    [Fact]
    public void A_renewal_that_is_not_answered_does_not_move_the_deadline()
    {
        var held = _line.Holds(renews: true);
        var deadline = held.Deadline;
        Assert.Equal(Request.Renew, _line.TicksNext().Request);
        Assert.Same(held, _line.TicksNext().Lost);
        Assert.Equal(deadline, _line.Now);
    }

    [Fact]
    public void Not_yours_wakes_who_waits_here_and_in_Redis()
    {
        var held = _line.Holds(renews: true);
        var next = _line.Comes();
        var effects = _line.Line.Renewed(held.Key, _line.Now, LineHarness.Lease, isOurs: false);
        Assert.Equal(new LineEffects(Request.Release, held.Key, Wake: next, Lost: held), effects);
        Assert.Equal(HoldState.Lost, held.State);
        Assert.NotSame(held.Key, _line.Asks(next).Key);
    }

    [Fact]
    public void Who_waits_behind_a_caller_of_the_same_instance_knows_within_a_second_that_the_key_is_gone()
    {
        var held = _line.Holds();
        _line.Passes(5 * Second);
        var next = _line.Comes();
        var came = _line.Now;
        var doubt = _line.TicksNext();
        Assert.Equal(new LineEffects(Request.Renew, held.Key, TimeSpan.Zero), doubt);
        Assert.InRange(_line.Now - came, TimeSpan.Zero, Second);
        Assert.Same(next, _line.Line.Renewed(held.Key, _line.Now, TimeSpan.Zero, isOurs: false).Wake);
        _line.Asks(next);
    }

    [Fact]
    public void Who_waits_behind_a_caller_of_the_same_instance_looks_every_second()
    {
        var held = _line.Holds();
        _line.Comes();
        var deadline = held.Deadline;
        for (var i = 0; i < 5; i++)
        {
            var asked = _line.Now;
            Assert.Equal(TimeSpan.Zero, Assert.IsType<LineEffects>(_line.TicksNext()).Lease);
            Assert.Equal(Second, _line.Now - asked);
            _line.Line.Renewed(held.Key, _line.Now, TimeSpan.Zero, isOurs: true);
            Assert.Equal(deadline, held.Deadline);
        }
    }

    [Fact]
    public void Nobody_looks_while_nobody_waits()
    {
        var held = _line.Holds();
        Assert.Equal(held.Deadline, _line.Line.Due);
        var gone = _line.Comes();
        _line.Line.Leave(gone, _line.Now);

        // Once, for the one that came.
        Assert.Equal(Request.Renew, _line.TicksNext().Request);
        _line.Line.Renewed(held.Key, _line.Now, TimeSpan.Zero, isOurs: true);
        Assert.Equal(held.Deadline, _line.Line.Due);
    }

    [Fact]
    public void Who_waits_behind_a_scope_of_the_same_instance_looks_without_renewing_it()
    {
        var held = _line.Holds(renews: true);
        _line.Comes();
        var deadline = held.Deadline;
        var doubt = _line.TicksNext();
        Assert.Equal(TimeSpan.Zero, doubt.Lease);
        _line.Line.Renewed(held.Key, _line.Now, TimeSpan.Zero, isOurs: true);
        Assert.Equal(deadline, held.Deadline);
    }

    [Fact]
    public void MaxHold_bounds_the_renewals_and_the_hold()
    {
        _line = new LineHarness(maxHold: 45 * Second);
        var held = _line.Holds(renews: true);
        var began = _line.Now;
        LineEffects effects;
        while ((effects = _line.TicksNext()).Lost is null)
        {
            Assert.InRange(_line.Now + effects.Lease, began, began + (45 * Second));
            _line.Line.Renewed(effects.Key!, _line.Now, effects.Lease, isOurs: true);
        }

        Assert.InRange(_line.Now - began, 44 * Second, 45 * Second);
        Assert.Same(held, effects.Lost);
    }

    [Fact]
    public void MaxHold_bounds_an_extension()
    {
        _line = new LineHarness(maxHold: 45 * Second);
        var held = _line.Holds();
        _line.Passes(5 * Second);
        Assert.Equal(40 * Second, held.Extend(TimeSpan.FromHours(1), _line.Now));
    }

    [Fact]
    public void An_extension_is_not_made_shorter_by_a_renewal()
    {
        var held = _line.Holds(renews: true);
        var asked = held.Extend(TimeSpan.FromHours(1), _line.Now)!.Value;
        _line.Line.Renewed(held.Key, _line.Now, asked, isOurs: true);
        var deadline = held.Deadline;
        _line.Line.Renewed(held.Key, _line.Now, LineHarness.Lease, isOurs: true);
        Assert.Equal(deadline, held.Deadline);
    }

    [Fact]
    public void What_is_not_held_any_more_is_not_extended()
    {
        var held = _line.Holds();
        _line.Passes(LineHarness.Lease);
        Assert.Null(held.Extend(LineHarness.Lease, _line.Now));
    }

    [Fact]
    public void Who_has_handed_the_lock_over_sees_to_a_grant_that_is_not_claimed()
    {
        Assert.Equal(ReleaseStep.AskRedis, _line.Releases(_line.Holds()));
        _line.Line.Handed(toAnother: true, _line.Now);
        var handed = _line.Now;
        Assert.False(_line.Line.Rest(keep: false));
        Assert.Equal(new LineEffects(Request.Watch), _line.TicksNext());
        Assert.InRange(_line.Now - handed, Line.Grant, Line.Grant + LineHarness.Ms(50));

        // It was granted to the next: look again.
        _line.Line.Handed(toAnother: true, _line.Now);
        Assert.Equal(Request.Watch, _line.TicksNext().Request);
        _line.Line.Handed(toAnother: false, _line.Now);
        Assert.Equal(Clock.Never, _line.Line.Due);
        Assert.True(_line.Line.Rest(keep: false));
    }

    [Fact]
    public void A_watch_does_not_wait_for_the_next_hold_to_end()
    {
        _line.Releases(_line.Holds());
        _line.Line.Handed(toAnother: true, _line.Now);
        var caller = _line.Comes();
        _line.Queues(_line.Asks(caller, QuestionKind.Join), Line.Grant);
        Assert.Equal(Request.Watch, _line.TicksNext().Request);
    }

    [Fact]
    public void What_nobody_needs_is_closed_and_lets_nobody_in()
    {
        var held = _line.Holds();
        Assert.False(_line.Line.Rest(keep: false));
        _line.Releases(held);
        Assert.True(_line.Line.Rest(keep: false));
        Assert.False(_line.Line.TryEnter(_line.NewWaiter()));
    }

    [Fact]
    public void A_line_with_a_question_under_way_or_a_caller_is_not_closed()
    {
        var caller = _line.Comes();
        Assert.False(_line.Line.Rest(keep: false));
        var question = _line.Asks(caller);
        _line.Line.Leave(caller, _line.Now);
        Assert.False(_line.Line.Rest(keep: false));
        _line.Queues(question, Second, rank: -1);
        Assert.True(_line.Line.Rest(keep: false));
    }

    [Fact]
    public void Disposing_wakes_who_waits_and_tells_what_is_held()
    {
        var held = _line.Holds();
        var waiter = _line.Comes();
        var news = _line.Next(waiter).News!;
        Assert.Same(held, _line.Line.Close());
        Assert.True(news.IsCompleted);
        Assert.Equal(StepKind.Closed, _line.Next(waiter).Kind);
    }
}
