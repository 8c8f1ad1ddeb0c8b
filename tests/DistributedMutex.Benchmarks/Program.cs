using System.Globalization;
using DistributedMutex.Benchmarks;
using DistributedMutex.Benchmarks.Load;
using DistributedMutex.Benchmarks.Reports;
using DistributedMutex.Benchmarks.Suites;

const string Usage = """
    dotnet run -c Release --project tests/DistributedMutex.Benchmarks -- <suite> [--quick] [--server garnet] [--workers 2,10] [--output <folder>]

    uncontended  a pair of acquire and release that nobody disturbs, against the floor: in under a minute
    between      workers that want one key, each with an instance of its own on a shared connection
    processes    the same, in separate processes
    inside       workers that share one instance, as tasks and as threads
    duty         10 workers that hold for 5 ms and pause for 10 ms
    family       readers and writers, and permits, beside DistributedLock's
    all          all of them
    """;

var suites = new Dictionary<string, Func<Arena, BenchmarkOptions, Task<IReadOnlyList<Table>>>>
{
    ["uncontended"] = Uncontended.RunAsync,
    ["between"] = Between.RunAsync,
    ["processes"] = Processes.RunAsync,
    ["inside"] = Inside.RunAsync,
    ["duty"] = Duty.RunAsync,
    ["family"] = Family.RunAsync,
};

if (args is [CrewProcess.Command, var port])
{
    return await CrewProcess.RunAsync(int.Parse(port, CultureInfo.InvariantCulture));
}

if (args is not [var chosen, .. var rest] || BenchmarkOptions.Parse(rest) is not { } options || !(chosen == "all" || suites.ContainsKey(chosen)))
{
    Console.Error.WriteLine(Usage);
    return 2;
}

Report.Begin(args, options);
foreach (var (name, run) in suites.Where(suite => chosen == "all" || suite.Key == chosen))
{
    using var arena = await Arena.OpenAsync(options.Server);
    Report.Write(name, options, await run(arena, options));
}

return 0;
