using DistributedMutex.Faults.History;
using DistributedMutex.Faults.Setups;
using DistributedMutex.Workshop;

namespace DistributedMutex.Faults.Workers;

/// <summary>The worker processes of a run. Whoever is killed is replaced, under a new name.</summary>
internal sealed class Crew(Setup setup, string folder, string workerDll, RunClock clock, int seed) : IDisposable
{
    private readonly WorkerProcess[] _places = new WorkerProcess[Setup.Workers];
    private int _started;

    public IReadOnlyList<WorkerProcess> Workers => _places;

    public int Pick(Random random) => random.Next(_places.Length);

    /// <summary>Starts them, and waits until they are at work.</summary>
    public async Task StartAsync()
    {
        for (var place = 0; place < _places.Length; place++)
        {
            Start(place);
        }

        foreach (var worker in _places)
        {
            var history = Path.Combine(folder, worker.Name + HistoryWriter.Extension);
            await Setup.UntilAsync($"{worker.Name} is at work", () => Task.FromResult(
                File.Exists(history) && File.ReadAllText(history).Contains(" begun", StringComparison.Ordinal))).ConfigureAwait(false);
        }
    }

    public void Replace(int place)
    {
        _places[place].Kill();
        _places[place].Dispose();
        Start(place);
    }

    /// <summary>The plan of one more process, at a place.</summary>
    public WorkerPlan PlanOf(string name, int place) => new(
        name, folder, clock.Origin, seed + (++_started * 10_000), setup.BusyLocks, setup.SlowLocks, setup.LongLocks, setup.ConnectionOf(place), setup.OwnOf(place));

    /// <summary>Lets all finish; what those had to say that did not end well.</summary>
    public async Task<IReadOnlyList<(string Name, string Complaint)>> EndAsync()
    {
        var complaints = await Task.WhenAll(_places.Select(worker => worker.EndAsync())).ConfigureAwait(false);
        return [.. _places.Zip(complaints).Where(pair => pair.Second is not null).Select(pair => (pair.First.Name, pair.Second!))];
    }

    public void Dispose()
    {
        foreach (var worker in _places)
        {
            worker?.Dispose();
        }
    }

    private void Start(int place)
    {
        var plan = PlanOf($"w{place}-{_started}", place);
        _places[place] = WorkerProcess.Start(plan.Name, ServerKind.DotnetPath, workerDll, "worker", plan.ToJson());
    }
}
