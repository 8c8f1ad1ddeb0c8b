using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol;

/// <summary>The lock goes from caller to caller of one instance: in which order, how often, and with what.</summary>
public sealed class LineTurnTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private LineHarness _line = new();

    [Fact]
    public void Callers_have_the_lock_in_the_order_in_which_they_came_each_with_a_greater_fence()
    {
        var held = _line.HoldsByGrant(out var others, 5);
        var fence = held.Fence;
        foreach (var next in others)
        {
            Assert.Equal(ReleaseStep.HandedOver, _line.Line.Release(held, _line.Now, out var effects));
            Assert.Equal((next, Request.None), (effects.Wake, effects.Request));
            held = _line.Has(next);
            Assert.Equal(++fence, held.Fence);
        }
    }

    [Fact]
    public void A_turn_is_a_hundred_holders_long()
    {
        var (held, holders) = (_line.HoldsByGrant(out var others, 2 * Line.Block, wantsFence: false), 1);
        while (_line.Releases(held) == ReleaseStep.HandedOver)
        {
            held = _line.Has(others[holders++ - 1]);
        }

        Assert.Equal(Line.Block, holders);
        _line.Asks(others[holders - 1]);
    }

    [Fact]
    public void A_turn_is_20_ms_long()
    {
        var held = _line.HoldsByGrant(out var others, 2);
        _line.Passes(Line.Turn - LineHarness.Ms(1));
        Assert.Equal(ReleaseStep.HandedOver, _line.Releases(held));
        held = _line.Has(others[0]);
        _line.Passes(LineHarness.Ms(1));
        Assert.Equal(ReleaseStep.AskRedis, _line.Releases(held));

        // What was handed over is of the turn that is over: the next joins the queue with a token of its own.
        var question = _line.Asks(others[1], QuestionKind.Join);
        Assert.NotSame(held.Key, question.Key);
    }

    [Fact]
    public void A_turn_is_as_long_as_its_fences_for_who_wants_one()
    {
        var (first, second) = (_line.Comes(), _line.Comes(wantsFence: false));
        var third = _line.Comes();
        var question = _line.Asks(first);
        _line.Line.Answered(question with { Fences = 1 }, new AcquireReply(LineHarness.Fence), _line.Now);
        Assert.Equal(ReleaseStep.HandedOver, _line.Releases(_line.Has(first)));
        var held = _line.Has(second);
        Assert.Equal(0, held.Fence);
        Assert.Equal(ReleaseStep.AskRedis, _line.Releases(held));
        Assert.Equal(Line.Block, _line.Asks(third).Fences);
    }

    [Fact]
    public void Who_wants_a_fence_gets_one_though_the_question_under_way_asked_for_none()
    {
        var caller = _line.Comes(isScope: false, wantsFence: false);
        var take = _line.Asks(caller, QuestionKind.Take);
        var next = _line.Comes();
        _line.Line.Leave(caller, _line.Now);
        _line.Takes(take);
        Assert.Null(next.Hold);
        var again = _line.Asks(next);
        Assert.Same(take.Key, again.Key);
        Assert.True(again.Fences > 0);
        _line.Takes(again);
        Assert.Equal(LineHarness.Fence, _line.Has(next).Fence);
    }

    [Fact]
    public void A_successor_inside_has_a_whole_lease_of_its_own()
    {
        var held = _line.HoldsByGrant(out var others, 1);
        _line.Passes(LineHarness.Ms(15));
        Assert.Equal(ReleaseStep.HandedOver, _line.Releases(held));
        Assert.InRange(_line.Has(others[0]).Remaining(_line.Now), LineHarness.Lease * 0.99, LineHarness.Lease);
    }

    [Fact]
    public void A_lock_with_less_left_than_a_lease_is_not_handed_over()
    {
        // It was alone when it asked, for a lease and no more.
        var held = _line.Holds();
        var next = _line.Comes();
        _line.Passes(LineHarness.Ms(1));
        Assert.Equal(ReleaseStep.AskRedis, _line.Releases(held));

        // Now it is known that others come.
        Assert.Equal(LineHarness.Lease + Line.Turn, _line.Asks(next).Lease);
    }

    [Fact]
    public void A_successor_inside_has_a_whole_lease_though_the_claim_is_not_answered()
    {
        var (first, next) = (_line.Comes(), _line.Comes());
        var claim = _line.IsGranted(_line.Joins(first).Key.Token);
        Assert.Equal(ReleaseStep.HandedOver, _line.Releases(_line.Has(first)));
        var held = _line.Has(next);

        // Sure of the grant so far, of its lease when the answer comes.
        Assert.InRange(held.Remaining(_line.Now), Second, Line.Grant);
        _line.Line.Renewed(claim.Key!, _line.Now, claim.Lease, isOurs: true);
        Assert.InRange(held.Remaining(_line.Now), LineHarness.Lease * 0.98, LineHarness.Lease);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(30)]
    public void A_successor_inside_whose_claim_was_lost_claims_again_and_has_its_whole_lease(int seconds)
    {
        _line = new LineHarness(lease: seconds * Second);
        var (first, next) = (_line.Comes(), _line.Comes());
        var claim = _line.IsGranted(_line.Joins(first).Key.Token);
        Assert.Equal(ReleaseStep.HandedOver, _line.Releases(_line.Has(first)));
        var held = _line.Has(next);
        var (began, lease) = (_line.Now, seconds * Second);
        _line.Line.NotRenewed(claim.Key!, _line.Now);

        var again = _line.TicksNext();
        Assert.Equal(Request.Renew, again.Request);
        _line.Line.Renewed(again.Key!, _line.Now, again.Lease, isOurs: true);
        Assert.Same(held, _line.TicksNext().Lost);
        Assert.InRange(_line.Now - began, lease * 0.97, lease);
    }

    [Fact]
    public void An_extension_waits_for_the_claim_from_the_moment_of_the_grant()
    {
        // Whoever sends the claim may be slow, and the claim would make the extended lease shorter.
        var caller = _line.Comes();
        var claim = _line.IsGranted(_line.Joins(caller).Key.Token);
        var held = _line.Has(caller);
        Assert.False(held.Key.Claim.IsCompleted);
        _line.Line.Renewed(claim.Key!, _line.Now, claim.Lease, isOurs: true);
        Assert.True(held.Key.Claim.IsCompleted);
    }

    [Fact]
    public void A_lock_whose_claim_has_failed_is_not_handed_over()
    {
        var (first, _) = (_line.Comes(), _line.Comes());
        var claim = _line.IsGranted(_line.Joins(first).Key.Token);
        _line.Line.NotRenewed(claim.Key!, _line.Now);
        Assert.Equal(ReleaseStep.AskRedis, _line.Releases(_line.Has(first)));
    }

    [Fact]
    public void An_extension_is_not_inherited()
    {
        var held = _line.HoldsByGrant(out _, 1);
        Extends(held, TimeSpan.FromHours(1));
        Assert.Equal(ReleaseStep.AskRedis, _line.Releases(held));
    }

    [Fact]
    public void An_extension_under_way_is_not_inherited()
    {
        var held = _line.HoldsByGrant(out _, 1);
        Assert.NotNull(held.Extend(TimeSpan.FromHours(1), _line.Now));
        Assert.Equal(ReleaseStep.AskRedis, _line.Releases(held));
    }

    [Fact]
    public void An_answer_to_the_renewal_of_a_predecessor_promises_the_successor_no_more_than_it_asked_for()
    {
        var held = _line.HoldsByGrant(out var others, 1);
        var asked = LineHarness.Lease + LineHarness.Ms(10);
        Assert.Equal(asked, held.Extend(asked, _line.Now));
        Assert.Equal(ReleaseStep.HandedOver, _line.Releases(held));
        _line.Line.Renewed(held.Key, _line.Now, asked, isOurs: true);
        Assert.InRange(_line.Has(others[0]).Remaining(_line.Now), LineHarness.Lease * 0.99, LineHarness.Lease);
    }

    [Fact]
    public void A_successor_inside_has_its_own_MaxHold()
    {
        _line = new LineHarness(maxHold: 5 * Second);
        var held = _line.HoldsByGrant(out var others, 1);
        _line.Passes(LineHarness.Ms(15));
        Assert.Equal(ReleaseStep.HandedOver, _line.Releases(held));
        Assert.Equal(_line.Now + (5 * Second), _line.Has(others[0]).LastEnd);
        Assert.InRange(others[0].Hold!.Remaining(_line.Now), 4.9 * Second, 5 * Second);
    }

    [Fact]
    public void Unlock_finds_what_Lock_took_and_no_scope()
    {
        var held = _line.Holds(isScope: false, wantsFence: false);
        Assert.Same(held, _line.Line.Locked);
        _line.Releases(held);
        Assert.Null(_line.Line.Locked);
        _line.Holds(isScope: true);
        Assert.Null(_line.Line.Locked);
    }

    [Fact]
    public void Where_others_wait_inside_a_holder_is_promised_no_more_than_its_lease()
    {
        var first = _line.Comes();
        _line.Comes();
        var question = _line.Asks(first);
        Assert.Equal(LineHarness.Lease + Line.Turn, question.Lease);

        _line.Takes(question);

        Assert.Equal(_line.Now + LineHarness.Lease.LessDrift(), _line.Has(first).Deadline);
    }

    private void Extends(Hold held, TimeSpan lease)
    {
        Assert.Equal(lease, held.Extend(lease, _line.Now));
        _line.Line.Renewed(held.Key, _line.Now, lease, isOurs: true);
    }
}
