using DistributedMutex.Workshop;

namespace DistributedMutex.Benchmarks;

/// <summary>What the command line asks for.</summary>
internal sealed record BenchmarkOptions
{
    public bool Quick { get; init; }

    public string Output { get; init; } = "BenchmarkResults";

    /// <summary>redis-server by default, and Garnet where that is missing.</summary>
    public ServerKind Server { get; init; } = ServerKind.FindRedis() ?? ServerKind.Garnet;

    /// <summary>How many workers want one key.</summary>
    public IReadOnlyList<int> Workers
    {
        get => field ?? (Quick ? [2, 10, 200] : [2, 10, 50, 200, 1000]);
        init;
    }

    /// <summary>How long one measurement lasts.</summary>
    public TimeSpan Time => TimeSpan.FromSeconds(Quick ? 0.5 : 3);

    /// <summary>
    /// Fairness shows only after some rounds: with five, and one more for half of the workers, Jain's index cannot fall
    /// below 0.99 by where the measurement happens to be cut.
    /// </summary>
    public TimeSpan TimeFor(int workers, double handOffMilliseconds)
    {
        var rounds = TimeSpan.FromMilliseconds(6 * workers * handOffMilliseconds);
        return rounds < Time ? Time : rounds < Time * 10 ? rounds : Time * 10;
    }

    /// <summary>Null if the arguments make no sense.</summary>
    public static BenchmarkOptions? Parse(ReadOnlySpan<string> arguments)
    {
        var options = new BenchmarkOptions();
        while (arguments is not [])
        {
            switch (arguments)
            {
                case ["--quick", .. var rest]:
                    options = options with { Quick = true };
                    arguments = rest;
                    break;
                case ["--server", "garnet", .. var rest]:
                    options = options with { Server = ServerKind.Garnet };
                    arguments = rest;
                    break;
                case ["--workers", var list, .. var rest] when list.Split(',').All(item => int.TryParse(item, out var workers) && workers > 0):
                    options = options with { Workers = [.. list.Split(',').Select(int.Parse)] };
                    arguments = rest;
                    break;
                case ["--output", var folder, .. var rest]:
                    options = options with { Output = folder };
                    arguments = rest;
                    break;
                default:
                    return null;
            }
        }

        return options;
    }
}
