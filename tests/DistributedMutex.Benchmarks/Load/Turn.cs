namespace DistributedMutex.Benchmarks.Load;

/// <summary>One worker's turn with the lock, in timestamps of <see cref="System.Diagnostics.Stopwatch"/>, which all processes of a machine share.</summary>
/// <param name="Worker">Who.</param>
/// <param name="Asked">Just before acquire was called.</param>
/// <param name="Acquired">Acquire has returned; <see cref="Never"/> if the load stopped first.</param>
/// <param name="Releasing">Just before release was called.</param>
internal readonly record struct Turn(int Worker, long Asked, long Acquired, long Releasing)
{
    public const long Never = long.MaxValue;
}

/// <summary>What workers did, and what went wrong.</summary>
internal sealed record TurnLog(IReadOnlyList<Turn> Turns, IReadOnlyList<string> Problems);
