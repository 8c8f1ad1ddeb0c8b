using System.Globalization;

namespace DistributedMutex.Faults.History;

/// <summary>What the nemesis did, from when to when, and what may be expected of it.</summary>
internal sealed class FaultRecord(HistoryEvent began)
{
    public HistoryEvent Began => began;

    public HistoryEvent? Ended { get; set; }

    public string Kind { get; } = began.Require("kind");

    public double From => began.At;

    public double To => Ended?.At ?? double.PositiveInfinity;

    /// <summary>Whether nobody can be served while it lasts.</summary>
    public bool StopsService { get; } = began["service"] == "stopped";

    /// <summary>How long after it, in seconds, everything has to be as before.</summary>
    public double Recovery { get; } = began["recovery"] is { } seconds ? double.Parse(seconds, CultureInfo.InvariantCulture) : 0;

    /// <summary>The processes that it strikes.</summary>
    public IReadOnlyList<string> Targets { get; } = began["targets"]?.Split(',') ?? [];

    /// <summary>Whether it strikes the caller's process, or all, or the lock.</summary>
    public bool Concerns(Operation call) =>
        Targets.Count > 0 ? Targets.Contains(call.Invoked.Process) : Kind != "script-flush" && (began["loses"] is null or "-" or "*" || Loses(call.Lock));

    /// <summary>A kill or a stop: those whom it strikes can't do their part, be it as holders or as waiters.</summary>
    public bool StrikesProcess => Kind.StartsWith("kill-worker", StringComparison.Ordinal) || Kind.StartsWith("stop-worker", StringComparison.Ordinal);

    /// <summary>Whether it was carried out; what could not be, as when its server was gone already, is no fault.</summary>
    public bool Struck => Ended is not null && Ended["error"] is null;

    public bool Loses(string @lock) => began["loses"] is { } lost && (lost == "*" || lost == @lock);
}
