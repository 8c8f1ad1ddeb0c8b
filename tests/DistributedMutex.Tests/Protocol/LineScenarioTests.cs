using DistributedMutex.Tests.Protocol.Simulation;

namespace DistributedMutex.Tests.Protocol;

/// <summary>Faults whose cost to the others is promised, each in twenty runs of the simulation.</summary>
public sealed class LineScenarioTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Grant = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, true)]
    [InlineData(6, true)]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(6, false)]
    public void Dead_waiters_cost_those_behind_them_one_grant_each_and_nothing_where_the_count_is_the_truth(int dead, bool countIsTrue)
    {
        var faults = Enumerable.Range(1, dead).Select(process => new Fault(FaultKind.Kill, Ms(900), process, TimeSpan.Zero));
        var served = Served(HolderThenWaiters(dead + 1), faults, countIsTrue);
        Assert.InRange(served, Ms(1000), Ms(1000) + (countIsTrue ? TimeSpan.Zero : (Grant + Ms(50)) * dead) + Ms(300));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public void Stopped_waiters_cost_those_behind_them_one_grant_each(int stopped)
    {
        var faults = Enumerable.Range(1, stopped).Select(process => new Fault(FaultKind.Pause, Ms(900), process, TimeSpan.FromMinutes(2)));
        var served = Served(HolderThenWaiters(stopped + 1), faults);
        Assert.InRange(served, Ms(1000), Ms(1000) + ((Grant + Ms(50)) * stopped) + Ms(300));
    }

    [Fact]
    public void Where_all_are_dead_who_could_see_to_a_grant_the_rest_of_the_holders_lease_is_lost_once()
    {
        var faults = Enumerable.Range(0, 4).Select(process => new Fault(FaultKind.Kill, Ms(1200), process, TimeSpan.Zero))
            .Append(new Fault(FaultKind.Pause, Ms(900), 1, TimeSpan.FromMinutes(1)));
        var served = Served(HolderThenWaiters(4), faults, countIsTrue: false);
        Assert.InRange(served, Lease, Lease + Ms(500 * 3) + ((Grant + Ms(50)) * 2) + Ms(300));
    }

    [Fact]
    public void A_dead_holder_costs_its_lease()
    {
        var served = Served(HolderThenWaiters(1, holds: TimeSpan.FromMinutes(5)), [new Fault(FaultKind.Kill, Ms(900), 0, TimeSpan.Zero)]);
        Assert.InRange(served, Lease, Lease + Ms(500));
    }

    [Fact]
    public void A_key_that_an_operator_deletes_costs_the_waiters_no_more_than_the_time_to_the_next_renewal()
    {
        var served = Served(HolderThenWaiters(1, holds: TimeSpan.FromMinutes(5)), [new Fault(FaultKind.Delete, Ms(900), 0, TimeSpan.Zero)]);
        Assert.InRange(served, Ms(900), (Lease / 3) + Ms(500));
    }

    [Fact]
    public void A_connection_that_breaks_while_the_grant_is_under_way_costs_the_time_that_it_is_broken()
    {
        var served = Served(HolderThenWaiters(1), [new Fault(FaultKind.Cut, Ms(999), 1, Ms(200))]);
        Assert.InRange(served, Ms(1000), Ms(1600));
    }

    [Fact]
    public void A_release_that_is_lost_with_its_connection_costs_the_time_that_this_is_broken()
    {
        var served = Served(HolderThenWaiters(1), [new Fault(FaultKind.Cut, Ms(1000.5), 0, Ms(700))]);
        Assert.InRange(served, Ms(1000), Ms(2800));
    }

    private static TimeSpan Ms(double ms) => World.Ms(ms);

    // The first has the lock; the others come one after the other.
    private static CallerPlan[] HolderThenWaiters(int waiters, TimeSpan? holds = null) =>
    [
        new(0, Ms(0), CallerKind.Scope, Timeout.InfiniteTimeSpan, holds ?? Ms(1000)),
        .. Enumerable.Range(1, waiters).Select(i => new CallerPlan(i, Ms(100 * i), CallerKind.Scope, Timeout.InfiniteTimeSpan, Ms(10))),
    ];

    // When the last caller was served, at the latest.
    private static TimeSpan Served(CallerPlan[] callers, IEnumerable<Fault> faults, bool countIsTrue = true) => Enumerable.Range(0, 20).Max(seed =>
    {
        var processes = callers.Select(caller => new ProcessPlan(1 + (((caller.Process % 3) - 1) * 0.005), Ms(0.5)));
        var run = new Run(new Scenario(seed, Lease, null, countIsTrue, Ms(0.1), 0, [.. processes], callers, [.. faults]));
        run.ToItsEnd();
        return run.Callers[^1].Served!.Value;
    });
}
