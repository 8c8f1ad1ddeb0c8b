namespace DistributedMutex.Tests.FaultCampaign;

/// <summary>What the checker says of waiters, of service, and of what is left.</summary>
[Quick]
public sealed class WaiterRuleTests
{
    private const string InTime = "calls end in time";
    private const string Order = "order of arrival";
    private const string Service = "service returns";
    private const string Free = "what is released is free";
    private const string Left = "nothing is left";
    private const string Breaks = "nothing breaks";

    [Fact]
    public void Whoever_is_told_late_is_told_too_late() => new ToldHistory().Waiter("w1/x", 10, 13.1, wait: 2).IsWrong(InTime, "acquire", "refused");

    [Fact]
    public void Half_a_second_over_is_fine() => new ToldHistory().Waiter("w1/x", 10, 12.5, wait: 2).IsRight();

    [Fact]
    public void Time_in_which_the_process_did_not_run_does_not_count() => new ToldHistory().Waiter("w1/x", 10, 15, wait: 2).Say("15 w1 stall from=11.5").IsRight();

    [Fact]
    public void Nor_does_time_in_which_nobody_in_it_had_a_thread() => new ToldHistory().Waiter("w1/x", 10, 15, wait: 2).Say("15 w1 starved from=11.5 threads=40 waiting=9").IsRight();

    [Fact]
    public void What_two_meters_measured_is_not_counted_twice() =>
        new ToldHistory().Waiter("w1/x", 10, 15, wait: 2).Say("13 w1 stall from=11.5", "13 w1 starved from=11.5 threads=40 waiting=9").IsWrong(InTime);

    [Fact]
    public void Time_in_which_another_process_did_not_run_does() => new ToldHistory().Waiter("w1/x", 10, 15, wait: 2).Say("15 w2 stall from=11.5").IsWrong(InTime);

    [Fact]
    public void Whoever_is_never_answered_waits_for_ever() => new ToldHistory().Waiter("w1/x", 10, null, wait: 2).Say("20 nemesis quiet").IsWrong(InTime);

    [Fact]
    public void Whoever_is_killed_needs_no_answer() =>
        new ToldHistory().Waiter("w1/x", 10, null, wait: 2).Fault(11, 11, "kill-worker", "targets=w1").Say("20 nemesis quiet").IsRight();

    [Fact]
    public void Whoever_came_first_is_served_first() =>
        Overtaking(handedOn: 12.5).IsWrong(Order, "w1/x acquire", "w2/y acquired");

    [Fact]
    public void An_instance_whose_turn_has_come_may_serve_its_own() => Overtaking(handedOn: 12.015).IsRight();

    [Fact]
    public void When_a_holder_has_died_a_newcomer_may_be_quicker() => Overtaking(handedOn: 12.5, answer: "no").IsRight();

    [Fact]
    public void Where_something_is_broken_order_is_not_looked_at() => Overtaking(handedOn: 12.5).Fault(11, 11.1, "client-kill-pubsub").IsRight();

    [Fact]
    public void Who_comes_long_after_that_comes_after_those_who_waited_then() =>
        Overtaking(handedOn: 12.5, waitsSince: 7).Fault(8, 8.1, "client-kill-pubsub").IsWrong(Order, "w1/x acquire", "w2/y acquired");

    [Fact]
    public void Unless_the_line_itself_is_gone() => Overtaking(handedOn: 12.5, waitsSince: 7).Fault(8, 8.1, "operator-flushall", "loses=*").IsRight();

    [Fact]
    public void Or_a_server_that_was_gone_is_found_again_late() => Overtaking(handedOn: 12.5, waitsSince: 7).Fault(8, 8.1, "failover-to", "recovery=10").IsRight();

    [Fact]
    public void Whoever_waits_behind_its_own_instance_has_its_place_when_that_releases() =>
        Overtaking(handedOn: 12.5).Scope("w1/z", 10.9, 10.95, 11.9, 0, 11).IsRight();

    [Fact]
    public void And_no_later_than_that() =>
        Overtaking(handedOn: 12.5, waitsSince: 10.5).Scope("w1/z", 10.2, 10.3, 10.6, 0, 10.4).IsWrong(Order, "w1/x acquire", "w2/y acquired");

    [Fact]
    public void Whoever_was_killed_is_not_overtaken() =>
        Overtaking(handedOn: 12.5, waitsSince: 7, isServed: false).Fault(8, 8.1, "kill-worker", "targets=w1").IsRight();

    [Fact]
    public void A_lock_that_is_wanted_and_nobodys_is_out_of_service() =>
        new ToldHistory().Scope("w1/x", 10, 10.1, 10.2, 1, 10.11, 10.19).Scope("w2/x", 10.15, 15, 15.1, 2, 15.01, 15.09).IsWrong(Service, "w1/x release", "w2/x acquire");

    [Fact]
    public void One_that_nobody_wants_is_not() =>
        new ToldHistory().Scope("w1/x", 10, 10.1, 10.2, 1, 10.11, 10.19).Scope("w2/x", 14.9, 15, 15.1, 2, 15.01, 15.09).IsRight();

    [Fact]
    public void Nor_is_one_whose_server_is_away() =>
        new ToldHistory().Scope("w1/x", 10, 10.1, 10.2, 1, 10.11, 10.19).Fault(10.3, 14, "restart-with-data", "service=stopped recovery=0").Scope("w2/x", 10.15, 15, 15.1, 2, 15.01, 15.09).IsRight();

    [Fact]
    public void A_holder_that_was_killed_keeps_it_for_its_lease() =>
        Killed(next: 15.5).IsRight();

    [Fact]
    public void And_not_for_much_longer() => Killed(next: 19).IsWrong(Service, "fault", "kill-worker");

    [Fact]
    public void A_release_that_was_lost_does_not_cost_a_long_lease() =>
        new ToldHistory().Say("10 w1/x acquire op=1 lock=a api=scope instance=i wait=5 lease=30", "10.1 w1/x acquired op=1 token=t1 fence=1", "10.2 w1/x release op=1", "10.3 w1/x released op=1 answer=unknown")
            .Fault(10.2, 10.2, "client-kill-normal", "recovery=7")
            .Say("10.1 w2/x acquire op=2 lock=a api=scope instance=i wait=60 lease=2", "40 w2/x acquired op=2 token=t2 fence=2", "40.1 w2/x release op=2", "40.2 w2/x released op=2 answer=yes")
            .IsWrong(Service, "client-kill-normal", "answer=unknown");

    [Fact]
    public void A_lock_that_was_given_back_is_not_to_be_held_for_the_rest_of_its_lease() =>
        Released(looked: 15).IsWrong(Free, "w1/x release", "answer=unknown", "observed");

    [Fact]
    public void Right_after_it_that_may_be() => Released(looked: 13).IsRight();

    [Fact]
    public void Nor_is_it_to_be_held_when_a_fault_is_over() => Released(looked: 20).Fault(12, 14, "cut").IsWrong(Free, "cut");

    [Fact]
    public void Until_then_it_may_be() => Released(looked: 17).Fault(12, 14, "cut").IsRight();

    [Fact]
    public void Whoever_was_killed_gives_nothing_back_again() => Released(looked: 15).Fault(10.32, 10.33, "kill-worker", "targets=w1").IsRight();

    [Fact]
    public void A_replica_that_has_not_heard_of_it_may_have_become_the_master() => Released(looked: 20).Fault(10.25, 11, "promote-stale", "loses=*").IsRight();

    [Fact]
    public void Another_caller_of_the_instance_may_have_it_by_now() =>
        Released(looked: 15).Say("10.1 w1/y acquire op=2 lock=a api=lock instance=i wait=5 lease=20", "10.31 w1/y acquired op=2").IsRight();

    [Theory]
    [InlineData("lock:a", "5s")]
    [InlineData("{lock:a}:queue", "never")]
    public void A_lock_or_a_key_without_end_is_not_to_be_left(string key, string expires) => new ToldHistory().Say($"99 observer leftover key={key} expires={expires}").IsWrong(Left, key);

    [Fact]
    public void A_fence_may_live_a_while() => new ToldHistory().Say("99 observer leftover key={lock:a}:fence expires=3600s").IsRight();

    [Theory]
    [InlineData("10 w1 unobserved error=x")]
    [InlineData("10 w1 crashed error=x")]
    public void What_fails_unseen_or_crashes_breaks(string line) => new ToldHistory().Say(line).IsWrong(Breaks, line);

    [Fact]
    public void A_call_that_throws_what_is_not_documented_breaks() =>
        new ToldHistory().Say("10 w1/x acquire op=1 lock=a api=lock instance=i wait=5 lease=2", "10.1 w1/x broken op=1 error=NullReferenceException").IsWrong(Breaks, "broken");

    // w1 waits from 11 on. w2 has the lock since before that, and at 12 is granted it again, for one who came before w1.
    // That one hands it on inside, to one who came after w1.
    private static ToldHistory Overtaking(double handedOn, string answer = "yes", double waitsSince = 11, bool isServed = true) => new ToldHistory()
        .Scope("w2/x", 10, 12, handedOn, 1, 12.001)
        .Say(
            FormattableString.Invariant($"{waitsSince} w1/x acquire op=900 lock=a api=scope instance=i wait=9 lease=2"),
            "12 w2/y acquire op=2 lock=a api=lock instance=i wait=5 lease=2",
            FormattableString.Invariant($"{handedOn + 0.001} w2/y acquired op=2"),
            FormattableString.Invariant($"{handedOn + 0.002} w2/y release op=2"),
            FormattableString.Invariant($"{handedOn + 0.003} w2/y released op=2 answer=yes"),
            FormattableString.Invariant($"{handedOn + 0.01} w2/x released op=1 answer={answer}"),
            isServed ? FormattableString.Invariant($"{handedOn + 0.5} w1/x acquired op=900 token=t900 fence=900") : "20 nemesis quiet");

    private static ToldHistory Released(double looked) => new ToldHistory().Say(
        "10 w1/x acquire op=1 lock=a api=scope instance=i wait=5 lease=20",
        "10.1 w1/x acquired op=1 token=t1 fence=1",
        "10.3 w1/x release op=1",
        "10.4 w1/x released op=1 answer=unknown",
        FormattableString.Invariant($"{looked} observer observed lock=a from={looked - 0.01} token=t1 left=5"));

    private static ToldHistory Killed(double next) => new ToldHistory()
        .Say("10 w1/x acquire op=1 lock=a api=scope instance=i wait=5 lease=2", "10.1 w1/x acquired op=1 token=t1 fence=1", "10.2 w1/x held op=1 from=10.2 left=1.88")
        .Fault(10.3, 10.3, "kill-worker", "targets=w1 recovery=0")
        .Say(
            "10.2 w2/x acquire op=2 lock=a api=scope instance=i wait=60 lease=2",
            FormattableString.Invariant($"{next} w2/x acquired op=2 token=t2 fence=2"),
            FormattableString.Invariant($"{next + 0.1} w2/x release op=2"),
            FormattableString.Invariant($"{next + 0.11} w2/x released op=2 answer=yes"));
}
