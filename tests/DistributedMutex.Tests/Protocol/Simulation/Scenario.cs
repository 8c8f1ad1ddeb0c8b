using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol.Simulation;

internal enum CallerKind
{
    /// <summary>Lock: not renewed, no fence.</summary>
    Lock,

    /// <summary>A scope with a fence, renewed.</summary>
    Scope,

    /// <summary>A scope without one.</summary>
    FencelessScope,
}

internal sealed record CallerPlan(
    int Process, TimeSpan At, CallerKind Kind, TimeSpan Wait, TimeSpan Hold, bool Releases = true, TimeSpan? CancelAfter = null, TimeSpan? Extend = null);

internal sealed record ProcessPlan(double Speed, TimeSpan Latency, bool Hears = true);

internal enum FaultKind
{
    Pause,
    Kill,
    Cut,
    Deafen,
    Stall,
    Delete,
    FlushAll,
    Overwrite,
    Foreign,
    SetBack,
    Dispose,
}

/// <summary>Something breaks: then, or a little later, while the process asks something or is told.</summary>
internal sealed record Fault(FaultKind Kind, TimeSpan At, int Process, TimeSpan Time, bool WhileBusy = false);

/// <summary>What is to happen; how long everything takes, the seed decides.</summary>
internal sealed record Scenario(
    int Seed,
    TimeSpan Lease,
    TimeSpan? MaxHold,
    bool CountIsTrue,
    TimeSpan Hiccup,
    double LateMessages,
    IReadOnlyList<ProcessPlan> Processes,
    IReadOnlyList<CallerPlan> Callers,
    IReadOnlyList<Fault> Faults)
{
    public override string ToString() => string.Join(Environment.NewLine,
        [
            $"Seed {Seed}, lease {Lease}, MaxHold {MaxHold}, count is true: {CountIsTrue}, hiccup {Hiccup}, late messages {LateMessages}",
            .. Processes.Select((plan, i) => $"p{i}: {plan}"),
            .. Callers.Select((plan, i) => $"c{i}: {plan}"),
            .. Faults.Select(fault => fault.ToString()),
        ]);
}
