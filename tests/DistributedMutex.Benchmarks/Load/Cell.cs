using System.Diagnostics;

namespace DistributedMutex.Benchmarks.Load;

/// <summary>One measurement: crews under load for a while, and what came of it.</summary>
internal sealed record Cell(Figures Figures, IReadOnlyList<Turn> Log, long From, long To, double CommandsPerAcquisition, IReadOnlyList<string> Problems)
{
    /// <param name="time">How long, after a warm-up in which everybody takes a place in the queue.</param>
    /// <param name="crews">Who does what.</param>
    public static async Task<Cell> MeasureAsync(TimeSpan time, params IReadOnlyList<(ICrew Crew, LockLoad Load)> crews)
    {
        var workers = crews.Sum(crew => crew.Load.Workers);
        foreach (var (crew, load) in crews)
        {
            crew.Start(load);
        }

        await Task.Delay(TimeSpan.FromMilliseconds(300 + workers));
        var commandsBefore = await CountAsync();
        var from = Stopwatch.GetTimestamp();
        await Task.Delay(time);
        var to = Stopwatch.GetTimestamp();
        var commandsAfter = await CountAsync();

        var logs = await Task.WhenAll(crews.Select(crew => crew.Crew.StopAsync()));
        Turn[] turns = [.. logs.SelectMany(log => log.Turns)];
        var figures = new Figures(turns, workers, from, to);
        List<string> problems = [.. logs.SelectMany(log => log.Problems).Distinct()];
        if (figures.Overlaps > 0)
        {
            problems.Add($"the lock had two holders, {figures.Overlaps} times");
        }

        return new Cell(figures, turns, from, to, (commandsAfter - commandsBefore) / (double)figures.Acquisitions, problems);

        async Task<long> CountAsync() => (await Task.WhenAll(crews.Select(crew => crew.Crew.CountAsync()))).Sum();
    }
}
