using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Checking;

/// <summary>A while after all have gone, no lock is held, and what is left in Redis has an end.</summary>
internal sealed class NothingIsLeft : IRule
{
    public string Name => "nothing is left";

    public IEnumerable<Violation> Check(RunHistory history) =>
        from left in history.Leftovers
        where left.Require("key").StartsWith("lock:", StringComparison.Ordinal) || left["expires"] == "never"
        select new Violation(Name, $"{left["key"]} is still there, with no end or as a lock", [left]);
}
