namespace DistributedMutex.Tests.FaultCampaign;

/// <summary>What the checker says of holders: histories that are wrong in one way, and their neighbours that are right.</summary>
[Quick]
public sealed class HolderRuleTests
{
    private const string OneHolder = "one holder";
    private const string FencesRise = "fences rise";
    private const string Deadline = "the deadline is early";
    private const string Key = "holders have the key";

    [Fact]
    public void One_after_the_other_is_right() =>
        new ToldHistory().Scope("w1/x", 10, 10.1, 10.2, 1, 10.11, 10.19).Scope("w2/x", 10, 10.201, 10.3, 2, 10.21, 10.29).IsRight();

    [Fact]
    public void Two_that_believe_at_once_are_two_holders() =>
        new ToldHistory().Scope("w1/x", 10, 10.1, 10.3, 1, 10.11, 10.29).Scope("w2/x", 10, 10.2, 10.4, 2, 10.21, 10.39).IsWrong(OneHolder, "w1/x held", "w2/x held");

    [Fact]
    public void A_short_hold_inside_of_a_long_one_is_found_however_many_came_between() =>
        new ToldHistory().Scope("w1/x", 10, 10.1, 11, 1, 10.11, 10.9)
            .Say("10.3 w2/y acquire op=2 lock=a api=lock instance=i wait=1 lease=2", "10.4 w2/y acquired op=2", "10.5 w2/y release op=2", "10.51 w2/y released op=2 answer=yes")
            .IsWrong(OneHolder, "w2/y acquired");

    [Fact]
    public void An_unlock_that_says_no_has_proved_nothing() =>
        new ToldHistory().Scope("w1/x", 10, 10.1, 11, 1, 10.11, 10.9)
            .Say("10.3 w2/y acquire op=2 lock=a api=lock instance=i wait=1 lease=2", "10.4 w2/y acquired op=2", "10.5 w2/y release op=2", "10.51 w2/y released op=2 answer=no")
            .IsRight();

    [Fact]
    public void A_look_that_may_have_been_before_a_pause_proves_nothing() =>
        new ToldHistory().Say(
                "10 w1/x acquire op=1 lock=a api=scope instance=i wait=5 lease=2", "10.1 w1/x acquired op=1 token=t1 fence=1", "15 w1/x held op=1 from=10.11 left=1.9", "15.1 w1/x lost op=1", "15.2 w1 stall from=10.12")
            .Scope("w2/x", 12, 13, 13.2, 2, 13.1, 13.15).IsRight();

    [Fact]
    public void After_a_loss_of_data_two_may_hold_for_a_lease() =>
        new ToldHistory().Fault(10.15, 10.16, "operator-flushall", "loses=*").Scope("w1/x", 10, 10.1, 10.3, 1, 10.11, 10.29).Scope("w2/x", 10, 10.2, 10.4, 2, 10.21, 10.39).IsRight();

    [Fact]
    public void And_no_longer() =>
        new ToldHistory().Fault(7.9, 8, "operator-flushall", "loses=*").Scope("w1/x", 10, 10.1, 10.3, 1, 10.11, 10.29).Scope("w2/x", 10, 10.2, 10.4, 2, 10.21, 10.39).IsWrong(OneHolder);

    [Fact]
    public void A_loss_before_anybody_asked_explains_nothing() =>
        new ToldHistory().Fault(9.8, 9.9, "operator-flushall", "loses=*").Scope("w1/x", 10, 10.1, 10.3, 1, 10.11, 10.29).Scope("w2/x", 10, 10.2, 10.4, 2, 10.21, 10.39).IsWrong(OneHolder);

    [Fact]
    public void Whoever_was_given_a_longer_lease_may_believe_for_as_long() =>
        new ToldHistory().Fault(10.2, 10.3, "operator-flushall", "loses=*")
            .Scope("w1/x", 10, 10.1, 14.6, 1, 10.11, 14.5).Say("10.12 w1/x extend op=1 lease=9").Scope("w2/x", 13.9, 14, 14.2, 2, 14.1, 14.15).IsRight();

    [Fact]
    public void And_not_without() =>
        new ToldHistory().Fault(10.2, 10.3, "operator-flushall", "loses=*")
            .Scope("w1/x", 10, 10.1, 14.6, 1, 10.11, 14.5).Scope("w2/x", 13.9, 14, 14.2, 2, 14.1, 14.15).IsWrong(OneHolder);

    [Fact]
    public void A_loss_of_another_lock_explains_nothing() =>
        new ToldHistory().Fault(10.15, 10.16, "operator-del", "loses=b").Scope("w1/x", 10, 10.1, 10.3, 1, 10.11, 10.29).Scope("w2/x", 10, 10.2, 10.4, 2, 10.21, 10.39).IsWrong(OneHolder);

    [Theory]
    [InlineData(7)]
    [InlineData(6)]
    public void A_later_holder_has_a_greater_fence(long later) =>
        new ToldHistory().Scope("w1/x", 10, 10.1, 10.2, 7, 10.11, 10.19).Scope("w2/x", 10, 10.21, 10.3, later, 10.22, 10.29).IsWrong(FencesRise, "w1/x acquired op=7", $"w2/x acquired op={later}");

    [Fact]
    public void A_fence_that_begins_anew_is_found_long_after_the_data_was_lost() =>
        new ToldHistory().Scope("w1/x", 10, 10.1, 10.2, 7, 10.11, 10.19).Fault(11, 11.1, "restart-empty", "loses=*").Scope("w2/x", 20, 20.21, 20.3, 1, 20.22, 20.29).IsWrong(FencesRise);

    [Fact]
    public void A_deadline_without_its_margin_is_late() =>
        Observed(left: 1.89, token: "t1").IsWrong(Deadline, "w1/x held", "observed");

    [Fact]
    public void A_deadline_with_its_margin_is_early() => Observed(left: 1.99, token: "t1").IsRight();

    [Fact]
    public void Whoever_believes_without_the_key_is_wrong() => Observed(left: 1.9, token: "t2").IsWrong(Key, "token=t2", "10.4 w1/x held");

    [Fact]
    public void Whoever_believes_when_nobody_has_the_key_is_wrong() => Observed(left: -1, token: "-").IsWrong(Key, "token=-");

    [Fact]
    public void An_operator_may_have_deleted_it() => Observed(left: -1, token: "-").Fault(10.1, 10.12, "operator-del", "loses=a").IsRight();

    [Fact]
    public void Of_two_masters_the_other_may_have_been_looked_at() =>
        new ToldHistory().Fault(10.1, 10.3, "sentinel-failover", "loses=*").Scope("w1/x", 10, 10.1, 14, 1, 10.11, 13.9)
            .Say("10.2 observer observed lock=a from=10.15 token=- left=-1").IsRight();

    [Fact]
    public void An_observation_that_began_before_the_lock_was_had_says_nothing() =>
        new ToldHistory().Scope("w1/x", 10, 10.1, 10.5, 1, 10.11, 10.4).Say("10.2 observer observed lock=a from=10.05 token=- left=-1").IsRight();

    // A lease of two seconds from 10.0, of which the holder counts on 1.98 from 10.1.
    private static ToldHistory Observed(double left, string token) =>
        new ToldHistory().Scope("w1/x", 10, 10.1, 10.5, 1, 10.11, 10.4).Say(FormattableString.Invariant($"10.2 observer observed lock=a from=10.15 token={token} left={left}"));
}
