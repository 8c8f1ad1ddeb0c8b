namespace DistributedMutex.Faults.Workers;

/// <summary>What a caller is about to do, drawn by lot: mostly short things, now and then one that outlasts a lease.</summary>
internal sealed record Errand(string Lock, TimeSpan Wait, TimeSpan Work, TimeSpan? Extension, TimeSpan? Patience, bool Disposes, TimeSpan Rest)
{
    private static readonly TimeSpan LongestBlockingWait = TimeSpan.FromSeconds(4);

    public static Errand Draw(Random random, IReadOnlyList<string> locks, TimeSpan lease, bool isBlocking)
    {
        // The first lock is wanted more than the others.
        var @lock = locks[random.Next(3) == 0 ? 0 : random.Next(locks.Count)];
        var wait = random.Next(20) switch
        {
            0 => TimeSpan.Zero,
            < 6 => Milliseconds(random.Next(20, 800)),
            < 17 => Milliseconds(random.Next(1000, 4000)),
            _ => isBlocking ? LongestBlockingWait : TimeSpan.FromSeconds(20),
        };
        var work = random.Next(2000) switch
        {
            0 when lease < TimeSpan.FromSeconds(5) => lease * 1.3,
            < 8 => Milliseconds(random.Next(200, 800)),
            < 60 => Milliseconds(random.Next(20, 100)),
            < 800 => Milliseconds(random.Next(1, 8)),
            _ => TimeSpan.Zero,
        };
        return new Errand(
            @lock,
            wait,
            work,
            work > Milliseconds(50) && random.Next(3) == 0 ? lease * (1 + random.NextDouble()) : null,
            random.Next(2) == 0 ? Milliseconds(random.Next(1, 300)) : null,
            random.Next(3) == 0,
            Milliseconds(random.Next(10) == 0 ? random.Next(10, 60) : random.Next(3)));
    }

    private static TimeSpan Milliseconds(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
