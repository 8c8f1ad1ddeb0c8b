using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Nemesis;

/// <summary>
/// Breaks things in rounds, with a little quiet between them. In a round processes are struck, or what they talk to is, or
/// both; a fault may come before the one before it is over. What a round does follows from the seed and its number
/// alone, not from what came before or how long it took.
/// </summary>
internal sealed class NemesisRun(IReadOnlyList<Fault> faults, Arena arena, HistoryWriter history, int seed)
{
    private const string Name = "nemesis";

    private static readonly TimeSpan LongQuiet = TimeSpan.FromSeconds(1);

    private int _ids;
    private Task _topology = Task.CompletedTask;

    public async Task RunAsync(TimeSpan time)
    {
        var end = history.Now + time.TotalSeconds;
        for (var number = 0; history.Now < end; number++)
        {
            var round = Draw(faults, seed, number);
            await (round.Quiet > LongQuiet ? _topology : Task.CompletedTask).ConfigureAwait(false);
            await Task.Delay(round.Quiet).ConfigureAwait(false);
            await Task.WhenAll(StrikeAllAsync(round.Processes), StrikeAllAsync(round.Surroundings)).ConfigureAwait(false);
        }

        await _topology.ConfigureAwait(false);
        history.Write(Name, $"quiet");
    }

    /// <summary>What a round does.</summary>
    public static Round Draw(IReadOnlyList<Fault> faults, int seed, int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) + number));

        // Now and then nothing happens for longer: only then can the order be seen in which callers are served.
        var quiet = TimeSpan.FromMilliseconds(random.Next(14) == 0 ? random.Next(5000, 8000) : random.Next(50, 400));
        var (processes, surroundings) = random.Next(6) switch { 0 => (2, 0), < 3 => (0, 8), _ => (2, 12) };
        return new Round(quiet, Draw(fault => fault.StrikesProcesses, processes), Draw(fault => !fault.StrikesProcesses, surroundings));

        List<Blow> Draw(Func<Fault, bool> kind, int most)
        {
            var some = faults.Where(kind).ToList();
            return [.. Enumerable.Range(0, some.Count == 0 || most == 0 ? 0 : random.Next(1, most + 1)).Select(_ => new Blow(Pick(some, random), random.Next(), TimeSpan.FromMilliseconds(random.Next(50, 450))))];
        }
    }

    private static Fault Pick(List<Fault> faults, Random random)
    {
        var number = random.Next(faults.Sum(fault => fault.Weight));
        return faults.First(fault => (number -= fault.Weight) < 0);
    }

    private async Task StrikeAllAsync(IReadOnlyList<Blow> blows)
    {
        var strikes = new List<Task>();
        foreach (var blow in blows)
        {
            await Task.Delay(blow.After).ConfigureAwait(false);
            if (!blow.Fault.ChangesTopology)
            {
                strikes.Add(StrikeAsync(blow.Fault, new Random(blow.Seed)));
            }
            else if (_topology.IsCompleted)
            {
                // Takes its time, in which rounds go on.
                _topology = StrikeAsync(blow.Fault, new Random(blow.Seed));
            }
        }

        await Task.WhenAll(strikes).ConfigureAwait(false);
    }

    private async Task StrikeAsync(Fault fault, Random random)
    {
        if (fault.Plan(arena, random) is not { } strike)
        {
            return;
        }

        await strike.LurkAsync().ConfigureAwait(false);
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

    /// <summary>So much quiet, and then these.</summary>
    internal sealed record Round(TimeSpan Quiet, IReadOnlyList<Blow> Processes, IReadOnlyList<Blow> Surroundings);

    /// <summary>A fault, what it decides by, and how long after the one before has begun.</summary>
    internal sealed record Blow(Fault Fault, int Seed, TimeSpan After);
}
