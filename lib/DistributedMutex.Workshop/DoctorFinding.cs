namespace DistributedMutex.Workshop;

/// <summary>What one check of the <see cref="Doctor"/> has found.</summary>
/// <param name="Subject">What was looked at.</param>
/// <param name="State">Whether it is as it should be.</param>
/// <param name="Text">What was found, and what to do about it if anything.</param>
internal sealed record DoctorFinding(string Subject, DoctorState State, string Text)
{
    public override string ToString() => State switch
    {
        DoctorState.Fine => $"✓ {Subject}: {Text}",
        DoctorState.Optional => $"✗ {Subject} (optional): {Text}",
        _ => $"✗ {Subject}: {Text}",
    };
}

internal enum DoctorState
{
    Fine,

    /// <summary>Something is missing or unwise that the kit can run with.</summary>
    Optional,

    /// <summary>The kit cannot run.</summary>
    Broken,
}
