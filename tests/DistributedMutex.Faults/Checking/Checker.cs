using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Checking;

/// <summary>All rules.</summary>
internal static class Checker
{
    public static IReadOnlyList<IRule> Rules { get; } =
    [
        new OneHolder(),
        new FencesRise(),
        new StoreStaysRight(),
        new DeadlineIsEarly(),
        new HoldersHaveTheKey(),
        new CallsEndInTime(),
        new ArrivalOrder(),
        new ServiceReturns(),
        new ReleasedIsFree(),
        new NothingIsLeft(),
        new NothingBreaks(),
    ];

    public static IReadOnlyList<Violation> Check(RunHistory history) => [.. Rules.SelectMany(rule => rule.Check(history))];
}
