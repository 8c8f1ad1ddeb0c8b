namespace DistributedMutex.Workshop;

/// <summary>What one check of the <see cref="Doctor"/> has found.</summary>
/// <param name="Subject">What was looked at.</param>
/// <param name="State">Whether it is as it should be.</param>
/// <param name="Text">What was found.</param>
/// <param name="Advice">What to do about it, if anything.</param>
internal sealed record DoctorFinding(string Subject, DoctorState State, string Text, string Advice = "")
{
    public override string ToString()
    {
        var text = $"{Subject}{(State == DoctorState.Optional ? " (optional)" : "")}: {Text} {Advice}".TrimEnd();
        return $"{(State == DoctorState.Fine ? '✓' : '✗')} {text}";
    }
}

internal enum DoctorState
{
    Fine,

    /// <summary>Something is missing or unwise that the kit can run with.</summary>
    Optional,

    /// <summary>The kit cannot run.</summary>
    Broken,
}
