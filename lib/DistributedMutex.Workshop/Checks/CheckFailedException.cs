namespace DistributedMutex.Workshop;

/// <summary>A learner's code does not do yet what the check asks for; the message ends with a hint, and with the answer if the hint has not helped.</summary>
public sealed class CheckFailedException : Exception
{
    /// <summary>How often one step of a check fails before its answer is told.</summary>
    internal const int Patience = 2;

    internal CheckFailedException(string claim, string seen, string hint, string answer)
        : this(claim, seen, hint, answer, $"Not yet: {seen}\nHint: {hint}")
    {
    }

    private CheckFailedException(string claim, string seen, string hint, string answer, string message)
        : base(message) => (Claim, Seen, Hint, Answer) = (claim, seen, hint, answer);

    /// <summary>What was to hold.</summary>
    public string Claim { get; }

    /// <summary>What the check saw.</summary>
    public string Seen { get; }

    /// <summary>What to think about.</summary>
    public string Hint { get; }

    /// <summary>What to write.</summary>
    public string Answer { get; }

    /// <summary>Empty. A notebook prints the stack of an exception, twice, and this one's leads into the check: not where the learner is to look.</summary>
    public override string? StackTrace => "";

    /// <summary>The message, and nothing that takes the eye off it.</summary>
    public override string ToString() => Message;

    /// <summary>The same after so many failures of this step.</summary>
    internal CheckFailedException After(int failures) =>
        failures > Patience ? new CheckFailedException(Claim, Seen, Hint, Answer, $"{Message}\nAnswer: {Answer}") : this;
}
