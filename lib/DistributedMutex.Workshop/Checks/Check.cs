namespace DistributedMutex.Workshop;

/// <summary>The steps of a check: each prints what is right, or throws with what was seen and a hint.</summary>
public static class Check
{
    /// <summary>Prints <paramref name="claim"/> if it holds.</summary>
    /// <param name="holds">Whether it does.</param>
    /// <param name="claim">What is right, if it holds.</param>
    /// <param name="seen">What was seen, if it does not.</param>
    /// <param name="hint">What to think about.</param>
    /// <param name="answer">What to write: told when the hint has not helped.</param>
    /// <exception cref="CheckFailedException">It does not hold.</exception>
    public static void That(bool holds, string claim, string seen, string hint, string answer)
    {
        if (!holds)
        {
            throw new CheckFailedException(claim, seen, hint, answer);
        }

        Console.WriteLine($"✓ {claim}");
    }

    /// <summary>Runs the check of an exercise, and keeps how it ended: so that the answer is told to those who need it, and the list of lessons knows what is solved.</summary>
    internal static async Task RunAsync(string exercise, Func<Task> steps)
    {
        try
        {
            await steps().ConfigureAwait(false);
        }
        catch (CheckFailedException e)
        {
            throw e.After(Progress.Fail(exercise, e));
        }

        Progress.Solve(exercise);
    }
}
