namespace DistributedMutex.Workshop;

/// <summary>The steps of a check: each prints what is right, or throws with what was seen and a hint.</summary>
public static class Check
{
    /// <summary>Prints <paramref name="claim"/> if it holds.</summary>
    /// <exception cref="CheckFailedException">It does not; the message holds <paramref name="seen"/> and <paramref name="hint"/>.</exception>
    public static void That(bool holds, string claim, string seen, string hint)
    {
        if (!holds)
        {
            throw new CheckFailedException(seen, hint);
        }

        Console.WriteLine($"✓ {claim}");
    }
}
