namespace DistributedMutex.Faults.Workers;

/// <summary>What kind of locks a caller wants: those that are held for a moment, for long, or for a moment with a long lease.</summary>
internal enum Pace
{
    Busy,
    Slow,
    Long,
}

/// <summary>What a caller is about to do, drawn by lot.</summary>
internal sealed record Errand(string Lock, TimeSpan Wait, TimeSpan Work, TimeSpan? Extension, TimeSpan? Patience, bool Disposes, TimeSpan Rest)
{
    public static Errand Draw(Pace pace, Random random, WorkerPlan plan, TimeSpan lease) => pace switch
    {
        Pace.Slow => DrawSlow(random, plan, lease),
        Pace.Long => DrawLong(random, plan, lease),
        _ => DrawBusy(random, plan, lease),
    };

    // Short work, as most locks are for; now and then a look at a lock of another kind.
    private static Errand DrawBusy(Random random, WorkerPlan plan, TimeSpan lease)
    {
        var @lock = random.Next(200) == 0 ? Pick(random, [.. plan.SlowLocks, .. plan.LongLocks]) : random.Next(4) == 0 ? plan.BusyLocks[0] : Pick(random, plan.BusyLocks);
        var wait = random.Next(20) switch
        {
            0 => TimeSpan.Zero,
            < 10 => Milliseconds(random.Next(20, 800)),
            < 16 => Milliseconds(random.Next(1000, 4000)),
            _ => Milliseconds(random.Next(6000, 9000)),
        };
        var work = random.Next(2000) switch
        {
            < 8 => Milliseconds(random.Next(200, 800)),
            < 40 => Milliseconds(random.Next(20, 100)),
            < 500 => Milliseconds(random.Next(1, 8)),
            _ => TimeSpan.Zero,
        };
        return Draw(random, @lock, wait, work, lease, Milliseconds(random.Next(20) == 0 ? random.Next(10, 60) : random.Next(3)));
    }

    // Work that outlasts a lease, mostly.
    private static Errand DrawSlow(Random random, WorkerPlan plan, TimeSpan lease)
    {
        var work = random.Next(4) switch
        {
            < 2 => lease * (1.2 + (2 * random.NextDouble())),
            2 => Milliseconds(random.Next(300, 1500)),
            _ => Milliseconds(random.Next(20, 300)),
        };
        return Draw(random, Pick(random, plan.SlowLocks), Milliseconds(random.Next(1000, 12_000)), work, lease, Milliseconds(random.Next(10, 200)));
    }

    // Short work and great patience.
    private static Errand DrawLong(Random random, WorkerPlan plan, TimeSpan lease) => Draw(
        random, Pick(random, plan.LongLocks), Milliseconds(random.Next(12_000, 18_000)), Milliseconds(random.Next(4) == 0 ? random.Next(10, 60) : random.Next(1, 8)), lease, Milliseconds(random.Next(20)));

    private static Errand Draw(Random random, string @lock, TimeSpan wait, TimeSpan work, TimeSpan lease, TimeSpan rest) => new(
        @lock,
        wait,
        work,
        work > Milliseconds(50) && random.Next(3) == 0 ? lease * (1 + random.NextDouble()) : null,
        random.Next(2) == 0 ? Milliseconds(random.Next(1, 300)) : null,
        random.Next(3) == 0,
        rest);

    private static string Pick(Random random, IReadOnlyList<string> names) => names[random.Next(names.Count)];

    private static TimeSpan Milliseconds(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
