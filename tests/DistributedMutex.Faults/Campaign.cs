using DistributedMutex.Faults.Checking;
using DistributedMutex.Faults.History;
using DistributedMutex.Faults.Mutants;
using DistributedMutex.Faults.Nemesis;
using DistributedMutex.Faults.Setups;
using DistributedMutex.Faults.Workers;

namespace DistributedMutex.Faults;

/// <summary>One run: servers, workers and a nemesis for a time; then peace, a look at what is left, and the judgement.</summary>
internal static class Campaign
{
    private const int ShownViolations = 10;

    // What the last faults did is to be seen as well.
    private static readonly TimeSpan Peace = TimeSpan.FromSeconds(5);

    // The longest lease, and a grant.
    private static readonly TimeSpan Forgetting = TimeSpan.FromSeconds(24);

    /// <summary>Runs, and prints what happened; true if no promise was broken.</summary>
    public static async Task<bool> RunAsync(CampaignOptions options)
    {
        var folder = options.History is { } kept ? Directory.CreateDirectory(kept).FullName : Directory.CreateTempSubdirectory("distributed-mutex-faults-").FullName;
        var workerDll = options.Mutant is { } mutant ? await MutantBuild.MakeAsync(Mutant.Find(mutant)).ConfigureAwait(false) : typeof(Campaign).Assembly.Location;
        Console.WriteLine($"{options.Setup}, {options.Seconds} s, seed {options.Seed}{(options.Mutant is null ? "" : $", mutant {options.Mutant}")}; history in {folder}");
        await BreakAsync(options, folder, workerDll).ConfigureAwait(false);
        var history = RunHistory.Read(folder);
        var violations = Checker.Check(history);
        foreach (var line in Report.Of(history))
        {
            Console.WriteLine(line);
        }

        foreach (var violation in violations.GroupBy(violation => violation.Rule).SelectMany(ofRule => ofRule.Take(ShownViolations)))
        {
            Console.WriteLine(violation);
        }

        Console.WriteLine(Report.Summary(history, violations.Count));
        if (violations.Count == 0 && options.History is null)
        {
            Directory.Delete(folder, recursive: true);
        }

        return violations.Count == 0;
    }

    private static async Task BreakAsync(CampaignOptions options, string folder, string workerDll)
    {
        var clock = RunClock.Start();
        using var history = new HistoryWriter(folder, "campaign", clock);
        using var setup = Setup.Of(options.Setup, folder);
        var faults = setup.Faults.Where(fault => options.Faults?.Contains(fault.Name) != false).ToList();
        if (faults.Count == 0)
        {
            throw new ArgumentException($"Of these faults {options.Setup} has none: {string.Join(", ", setup.Faults.Select(fault => fault.Name))}");
        }

        if (faults.OfType<ForeignClient>().Any() && Python.Program is null)
        {
            Console.WriteLine("skipped: foreign-client, since no python3 here has the package redis (Debian's python3-redis).");
        }

        using var crew = new Crew(setup, folder, workerDll, clock, options.Seed);

        // Also if the run is ended from outside: a stopped worker would stay for ever, and a server as well.
        EventHandler end = (_, _) =>
        {
            crew.Dispose();
            setup.Dispose();
        };
        AppDomain.CurrentDomain.ProcessExit += end;
        try
        {
            await BreakAsync(options, faults, setup, crew, history).ConfigureAwait(false);
        }
        finally
        {
            AppDomain.CurrentDomain.ProcessExit -= end;
        }
    }

    private static async Task BreakAsync(CampaignOptions options, IReadOnlyList<Fault> faults, Setup setup, Crew crew, HistoryWriter history)
    {
        await setup.StartAsync().ConfigureAwait(false);

        await crew.StartAsync().ConfigureAwait(false);
        using var done = new CancellationTokenSource();
        var observing = new Observer(setup, history).RunAsync(done.Token);
        await new NemesisRun(faults, new Arena(setup, crew), history, options.Seed).RunAsync(TimeSpan.FromSeconds(options.Seconds)).ConfigureAwait(false);
        await Task.Delay(Peace).ConfigureAwait(false);
        foreach (var (name, complaint) in await crew.EndAsync().ConfigureAwait(false))
        {
            history.Write(name, $"crashed error={complaint.ReplaceLineEndings(" ").Replace(' ', '_')}");
        }

        await done.CancelAsync().ConfigureAwait(false);
        await observing.ConfigureAwait(false);
        await Leftovers.WriteAsync(setup, history, Forgetting).ConfigureAwait(false);
    }
}
