using CsCheck;
using DistributedMutex.Tests.Protocol.Simulation;

namespace DistributedMutex.Tests.Protocol;

/// <summary>
/// Random callers in random processes, with everything going wrong that can: whoever believes that it holds does, fences
/// rise, order and bounds are kept, nobody waits for ever, and nothing is left.
/// </summary>
public sealed class LinePropertyTests
{
    private static readonly Gen<TimeSpan> Moment = Gen.OneOf(Gen.Int[0, 60], Gen.Int[0, 1_000], Gen.Int[0, 12_000]).Select(ms => World.Ms(ms));

    private static readonly Gen<TimeSpan> Span = Gen.OneOf(Gen.Int[0, 5], Gen.Int[0, 200], Gen.Int[0, 9_000]).Select(ms => World.Ms(ms));

    private static readonly Gen<ProcessPlan> Process =
        Gen.Select(Gen.Int[-50, 50], Any(0.05, 0.5, 5, 40), Gen.Int[0, 9]).Select((drift, latency, deaf) => new ProcessPlan(1 + (drift / 10_000.0), World.Ms(latency), deaf > 0));

    private static readonly Gen<Scenario> Quiet = Scenarios(Gen.Const(Array.Empty<Fault>()), forgetful: 0, Gen.Const(0.0));

    private static readonly Gen<Scenario> Robbed = Scenarios(Faults(Gen.OneOf(
        Gen.Const(FaultKind.Delete), Gen.Const(FaultKind.FlushAll), Gen.Const(FaultKind.Overwrite), Gen.Const(FaultKind.Foreign))), forgetful: 0, Gen.Const(0.0));

    private static readonly Gen<Scenario> Stormy = Scenarios(
        Faults(Gen.Enum<FaultKind>()),
        forgetful: 2,
        Any(0, 0, 0.2));

    [Fact]
    public void Where_nothing_breaks_the_lock_is_never_idle_while_somebody_waits() => Holds(Quiet);

    [Fact]
    public void Where_the_key_is_taken_away_those_who_wait_behind_its_holder_get_on() => Holds(Robbed);

    [Fact]
    public void Whatever_breaks_at_most_one_believes_that_it_holds_and_nobody_waits_for_ever() => Holds(Stormy);

    private static void Holds(Gen<Scenario> scenarios) => scenarios.Sample(
        scenario =>
        {
            var run = new Run(scenario);
            try
            {
                run.ToItsEnd();
            }
            catch (InvalidOperationException e)
            {
                throw new InvalidOperationException(string.Join(Environment.NewLine, e.Message, scenario, run.Trace), e);
            }
        },
        iter: Math.Max(1_000, Check.Iter), // CsCheck_Iter asks for more.
        print: _ => "");

    private static Gen<Fault[]> Faults(Gen<FaultKind> kinds) =>
        Gen.Select(kinds, Moment, Gen.Int[0, 3], Span, Gen.Bool).Select((kind, at, process, time, whileBusy) => new Fault(kind, at, process, time, whileBusy)).Array[1, 6];

    private static Gen<double> Any(params double[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static Gen<Scenario> Scenarios(Gen<Fault[]> faults, int forgetful, Gen<double> lateMessages)
    {
        var callers = Gen.Select(
            Gen.Int[0, 3],
            Moment,
            Gen.Enum<Simulation.CallerKind>(),
            Gen.OneOf(Gen.Const(Timeout.InfiniteTimeSpan), Gen.Const(Timeout.InfiniteTimeSpan), Gen.Const(TimeSpan.Zero), Span),
            Span,
            Gen.Int[0, 9],
            Gen.Int[0, 9],
            Span).Select((process, at, kind, wait, hold, end, luck, time) => new CallerPlan(
                process,
                at,
                kind,
                wait,
                hold,
                Releases: end >= forgetful,
                CancelAfter: luck == 0 ? time : null,
                Extend: luck == 1 ? 5 * time : null));
        return Gen.Select(
            Gen.Int[0, 1_000_000],
            Any(300, 2_000, 4_000, 30_000),
            Any(0, 0, 0, 1_500, 20_000),
            Gen.Bool,
            Any(0.1, 0.1, 30),
            lateMessages,
            Process.Array[4],
            Gen.Select(callers.Array[1, 12], faults)).Select((seed, lease, maxHold, count, hiccup, late, processes, plans) => new Scenario(
                seed,
                World.Ms(lease),
                maxHold == 0 ? null : World.Ms(maxHold),
                count,
                World.Ms(hiccup),
                late,
                processes,
                plans.Item1,
                plans.Item2));
    }
}
