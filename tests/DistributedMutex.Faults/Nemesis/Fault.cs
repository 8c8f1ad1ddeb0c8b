namespace DistributedMutex.Faults.Nemesis;

/// <summary>One way to break something. The random numbers decide all that is left open, so that a seed repeats it.</summary>
internal abstract class Fault(string name)
{
    public string Name => name;

    /// <summary>How often it comes, compared with the others.</summary>
    public virtual int Weight => 2;

    /// <summary>Whether it strikes the processes themselves, and not what they talk to.</summary>
    public virtual bool StrikesProcesses => false;

    /// <summary>Whether it changes which server is what. One such change at a time: the next is left out while one is under way.</summary>
    public virtual bool ChangesTopology => false;

    /// <summary>Whether nobody can be served while it lasts.</summary>
    public virtual bool StopsService => false;

    /// <summary>
    /// How long after it all has to be as before: clients connect anew within a second or two, and a grant that nobody heard
    /// takes three. A process that is struck is another matter; the checker knows what it had.
    /// </summary>
    public virtual TimeSpan Recovery => TimeSpan.FromSeconds(7);

    /// <summary>Decides what is to be done; null if it can't be done here.</summary>
    public abstract Strike? Plan(Arena arena, Random random);

    /// <summary>Mends what was broken, also if another fault is in the way for a while: nothing else would.</summary>
    protected static async Task MendAsync(Func<Task> mend)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                await mend().ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (Setups.Node.IsAway(e) && tries < 100)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50)).ConfigureAwait(false);
            }
        }
    }

    protected static TimeSpan Between(Random random, double from, double to) => TimeSpan.FromSeconds(from + (random.NextDouble() * (to - from)));
}

/// <summary>A fault that is about to be carried out.</summary>
/// <param name="Note">What exactly, in a word or two, for whoever reads the history.</param>
/// <param name="RunAsync">Breaks it and mends it.</param>
internal sealed record Strike(string Note, Func<Task> RunAsync)
{
    /// <summary>Waits for its moment; this is not yet the fault.</summary>
    public Func<Task> LurkAsync { get; init; } = () => Task.CompletedTask;

    /// <summary>The processes that it strikes.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>The lock whose keys are lost; * for all.</summary>
    public string Loses { get; init; } = "-";
}
