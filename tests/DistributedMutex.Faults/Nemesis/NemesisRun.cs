using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Nemesis;

/// <summary>
/// Breaks things in rounds, with a little quiet between them. What a round does follows from the seed and its number alone,
/// not from what came before or how long it took.
/// </summary>
internal sealed class NemesisRun(IReadOnlyList<Fault> faults, Arena arena, HistoryWriter history, int seed)
{
    private const string Name = "nemesis";

    private int _ids;

    public async Task RunAsync(TimeSpan time)
    {
        var end = history.Now + time.TotalSeconds;
        for (var number = 0; history.Now < end; number++)
        {
            var round = Draw(faults, seed, number);
            await Task.Delay(round.Quiet).ConfigureAwait(false);
            await Task.WhenAll(round.Strikes.Select(strike => StrikeAsync(strike.Fault, new Random(strike.Seed)))).ConfigureAwait(false);
        }

        history.Write(Name, $"quiet");
    }

    /// <summary>What a round does.</summary>
    public static Round Draw(IReadOnlyList<Fault> faults, int seed, int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) + number));

        // Now and then nothing happens for longer: only then can the order be seen in which callers are served.
        var quiet = TimeSpan.FromMilliseconds(random.Next(8) == 0 ? random.Next(3000, 5000) : random.Next(100, 600));
        var count = random.Next(1, 4);
        return new Round(quiet, [.. Enumerable.Range(0, count).Select(_ => (Fault: Pick(faults, random), Seed: random.Next())).DistinctBy(strike => strike.Fault.Name)]);
    }

    private static Fault Pick(IReadOnlyList<Fault> faults, Random random)
    {
        var number = random.Next(faults.Sum(fault => fault.Weight));
        return faults.First(fault => (number -= fault.Weight) < 0);
    }

    private async Task StrikeAsync(Fault fault, Random random)
    {
        if (fault.Plan(arena, random) is not { } strike)
        {
            return;
        }

        var id = Interlocked.Increment(ref _ids);
        var service = fault.StopsService ? "stopped" : "goes-on";
        var targets = strike.Targets.Count > 0 ? $" targets={string.Join(',', strike.Targets)}" : "";
        history.Write(Name, $"fault id={id} kind={fault.Name} service={service} loses={strike.Loses} recovery={fault.Recovery.TotalSeconds}{targets} note={strike.Note}");
        try
        {
            await strike.RunAsync().ConfigureAwait(false);
            history.Write(Name, $"healed id={id}");
        }
        catch (Exception e) when (Setups.Node.IsAway(e) || e is InvalidOperationException)
        {
            // Two faults at a time may be one too many: the server that this one asks is away by the other.
            history.Write(Name, $"healed id={id} error={e.Message.ReplaceLineEndings(" ").Replace(' ', '_')}");
        }
    }

    /// <summary>So much quiet, and then these faults together, each with what it decides by.</summary>
    internal sealed record Round(TimeSpan Quiet, IReadOnlyList<(Fault Fault, int Seed)> Strikes);
}
