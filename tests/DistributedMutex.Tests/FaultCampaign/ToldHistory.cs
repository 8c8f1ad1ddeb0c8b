using DistributedMutex.Faults.Checking;
using DistributedMutex.Faults.History;

namespace DistributedMutex.Tests.FaultCampaign;

/// <summary>A history as a test tells it, in the words of those that a run writes.</summary>
internal sealed class ToldHistory
{
    private readonly List<string> _lines = ["0 w1 begun", "0 w2 begun", "0 w3 begun"];

    public ToldHistory Say(params string[] lines)
    {
        _lines.AddRange(lines);
        return this;
    }

    /// <summary>Somebody calls, has a scope, looks at it at the given times, and gives it back.</summary>
    public ToldHistory Scope(string who, double called, double acquired, double released, long fence, params double[] held) => Say(
        [
            FormattableString.Invariant($"{called} {who} acquire op={fence} lock=a api=scope instance=i wait=5 lease=2"),
            FormattableString.Invariant($"{acquired} {who} acquired op={fence} token=t{fence} fence={fence}"),
            .. held.Select(at => FormattableString.Invariant($"{at} {who} held op={fence} from={at} left={acquired + 1.98 - at:F6}")),
            FormattableString.Invariant($"{released} {who} release op={fence}"),
            FormattableString.Invariant($"{released + 0.001} {who} released op={fence} answer=yes"),
        ]);

    /// <summary>Somebody calls and is told no, or never anything.</summary>
    public ToldHistory Waiter(string who, double called, double? refused, double wait, int op = 900) => Say(
        [
            FormattableString.Invariant($"{called} {who} acquire op={op} lock=a api=lock instance=i wait={wait} lease=2"),
            .. refused is null ? Array.Empty<string>() : [FormattableString.Invariant($"{refused} {who} refused op={op}")],
        ]);

    public ToldHistory Fault(double from, double to, string kind, string values = "") => Say(
        FormattableString.Invariant($"{from} nemesis fault id={_lines.Count} kind={kind} {values}"),
        FormattableString.Invariant($"{to} nemesis healed id={_lines.Count}"));

    public RunHistory Read() => RunHistory.Parse(_lines);

    /// <summary>No rule finds anything.</summary>
    public void IsRight() => Assert.Empty(Checker.Check(Read()));

    /// <summary>One rule finds one thing, and proves it with lines that hold these words; no other rule finds any.</summary>
    public void IsWrong(string rule, params string[] proof)
    {
        var violation = Assert.Single(Checker.Check(Read()));
        Assert.Equal(rule, violation.Rule);
        Assert.All(proof, words => Assert.Contains(violation.Evidence, line => line.Line.Contains(words, StringComparison.Ordinal)));
        Assert.InRange(violation.Evidence.Count, 0, 20);
    }
}
