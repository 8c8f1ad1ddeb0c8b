using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Checking;

/// <summary>A promise that was not kept, and the few events that prove it.</summary>
internal sealed record Violation(string Rule, string Claim, IReadOnlyList<HistoryEvent> Evidence)
{
    /// <summary>The claim, and below it the events in order of time.</summary>
    public override string ToString() => string.Join(
        Environment.NewLine, Evidence.DistinctBy(one => one.Line).OrderBy(one => one.At).Select(one => "    " + one.Line).Prepend($"{Rule}: {Claim}"));
}

/// <summary>One promise: a pure function from a history to what in it breaks the promise.</summary>
internal interface IRule
{
    string Name { get; }

    IEnumerable<Violation> Check(RunHistory history);
}
