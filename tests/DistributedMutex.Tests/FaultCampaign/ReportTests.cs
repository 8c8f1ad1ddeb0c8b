using DistributedMutex.Faults;
using DistributedMutex.Faults.Checking;

namespace DistributedMutex.Tests.FaultCampaign;

/// <summary>What a run prints.</summary>
[Quick]
public sealed class ReportTests
{
    [Fact]
    public void Each_kind_of_fault_is_listed_with_the_longest_time_without_service_that_came_of_it() =>
        Assert.Equal(
            [
                "2 acquired, 1 of them by another process than before, 1 refused",
                "fault                  times   longest time that a wanted lock was nobody's",
                "cut                        2     2.0 s, a from 10.2 on",
                "script-flush               1       -",
            ],
            Report.Of(TwoHolds().Fault(10.3, 10.4, "cut").Fault(12.4, 12.5, "script-flush").Fault(13, 13.1, "cut").Waiter("w3/x", 20, 20.1, 0.1).Read()));

    [Fact]
    public void A_fault_that_could_not_be_carried_out_is_none() =>
        Assert.Equal(
            "4 operations, 1 faults, 0 violations",
            Report.Summary(TwoHolds().Fault(10.3, 10.4, "cut").Say("13 nemesis fault id=x kind=cut", "13.1 nemesis healed id=x error=away").Read(), 0));

    [Fact]
    public void Where_data_was_lost_it_is_told_how_often_two_held_at_once_and_what_the_store_refused() =>
        Assert.Equal(
            "data was lost 1 times: two held at once 1 times for 0.1 s, until the older lease was over; the store refused 1 older fences",
            Report.Of(new ToldHistory().Fault(10.15, 10.16, "operator-flushall", "loses=*")
                .Scope("w1/x", 10, 10.1, 10.3, 1, 10.11, 10.29).Scope("w2/x", 10, 10.2, 10.4, 2, 10.21, 10.39)
                .Say("10.3 w1/x write op=1 fence=1 accepted=no").Read()).Last());

    [Fact]
    public void A_violation_is_a_claim_and_the_events_that_prove_it_in_order_of_time() =>
        Assert.Equal(
            [
                "one holder: two believed that they held a, for 100.0 ms or more",
                "    10 w1/x acquire op=1 lock=a api=scope instance=i wait=5 lease=2",
                "    10 w2/x acquire op=2 lock=a api=scope instance=i wait=5 lease=2",
                "    10.1 w1/x acquired op=1 token=t1 fence=1",
                "    10.11 w1/x held op=1 from=10.11 left=1.970000",
                "    10.2 w2/x acquired op=2 token=t2 fence=2",
                "    10.21 w2/x held op=2 from=10.21 left=1.970000",
                "    10.29 w1/x held op=1 from=10.29 left=1.790000",
                "    10.3 w1/x release op=1",
                "    10.301 w1/x released op=1 answer=yes",
                "    10.39 w2/x held op=2 from=10.39 left=1.790000",
                "    10.4 w2/x release op=2",
                "    10.401 w2/x released op=2 answer=yes",
            ],
            Assert.Single(Checker.Check(new ToldHistory().Scope("w1/x", 10, 10.1, 10.3, 1, 10.11, 10.29).Scope("w2/x", 10, 10.2, 10.4, 2, 10.21, 10.39).Read()))
                .ToString().Split(Environment.NewLine));

    // The second is wanted from 10.1 on, and had from 12.2 on.
    private static ToldHistory TwoHolds() => new ToldHistory().Scope("w1/x", 10, 10.1, 10.2, 1, 10.11, 10.19).Scope("w2/x", 10.1, 12.2, 12.3, 2, 12.21, 12.29);
}
