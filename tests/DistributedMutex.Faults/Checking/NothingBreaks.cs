using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Checking;

/// <summary>Calls throw what is documented, no task fails unobserved, no process crashes, and each release is answered.</summary>
internal sealed class NothingBreaks : IRule
{
    public string Name => "nothing breaks";

    public IEnumerable<Violation> Check(RunHistory history) =>
        history.Broken.Select(broken => new Violation(Name, $"{broken.Who}: {broken.What}", [broken]));
}
