namespace DistributedMutex.Workshop;

/// <summary>A learner's code does not do yet what the check asks for; the message ends with a hint.</summary>
public sealed class CheckFailedException(string seen, string hint) : Exception($"Not yet: {seen}\nHint: {hint}")
{
    /// <summary>What the check saw.</summary>
    public string Seen { get; } = seen;

    /// <summary>What to look at.</summary>
    public string Hint { get; } = hint;

    /// <summary>Empty. A notebook prints the stack of an exception, twice, and this one's leads into the check: not where the learner is to look.</summary>
    public override string? StackTrace => "";

    /// <summary>The message, and nothing that takes the eye off it.</summary>
    public override string ToString() => Message;
}
