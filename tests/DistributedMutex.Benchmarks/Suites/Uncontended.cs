using System.Diagnostics;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using DistributedMutex.Benchmarks.Load;
using DistributedMutex.Benchmarks.Reports;

namespace DistributedMutex.Benchmarks.Suites;

/// <summary>A pair of acquire and release that nobody disturbs, against the floor: SET NX PX and compare-and-delete on the same connection.</summary>
internal static class Uncontended
{
    private static readonly string[] Ways = ["Sequential", "AtOnce", "Sync"];
    private static readonly string[] Locks = ["Lock", "Scope", "LockTake"];

    public static Task<IReadOnlyList<Table>> RunAsync(Arena arena, BenchmarkOptions options)
    {
        UncontendedPairs.Port = arena.Port;
        var reports = Benchmark(options);
        var table = new Table(
            "uncontended pair", "way", "lock", "µs a pair", "± µs", "throughput / floor", "side by side", "bytes a pair", "bytes / floor");
        foreach (var way in Ways)
        {
            var floor = reports[way + "Floor"];
            Add(way, "Floor", null);
            foreach (var name in Locks.Where(name => reports.ContainsKey(way + name)))
            {
                Add(way, name, SideBySide(way + "Floor", way + name, options.Time));
            }

            void Add(string way, string name, double? sideBySide)
            {
                var (time, error, bytes) = reports[way + name];
                table.Add(way, name, time, error, floor.Time / time, sideBySide, (double?)bytes, bytes / (double?)floor.Bytes);
            }
        }

        return Task.FromResult<IReadOnlyList<Table>>([table]);
    }

    private static Dictionary<string, (double Time, double Error, long? Bytes)> Benchmark(BenchmarkOptions options)
    {
        // In this process: the server is ours, and a generated project would have to be told which one.
        var job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
            .WithWarmupCount(options.Quick ? 2 : 5)
            .WithIterationCount(options.Quick ? 5 : 15)
            .WithIterationTime(Perfolizer.Horology.TimeInterval.FromMilliseconds(options.Quick ? 100 : 250));
        var config = ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddLogger(NullLogger.Instance)
            .AddColumnProvider(BenchmarkDotNet.Columns.DefaultColumnProviders.Instance)
            .WithArtifactsPath(Path.GetFullPath(options.Output))
            .WithOptions(ConfigOptions.DisableLogFile);
        var summary = BenchmarkRunner.Run<UncontendedPairs>(config);
        return summary.Reports.ToDictionary(Name, report => report.ResultStatistics is { } time
            ? (time.Mean / 1000, time.StandardError / 1000, report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase))
            : throw new InvalidOperationException($"{Name(report)} failed: {string.Join(' ', report.ExecuteResults.SelectMany(result => result.Errors))}"));

        static string Name(BenchmarkReport report) => report.BenchmarkCase.Descriptor.WorkloadMethod.Name;
    }

    /// <summary>
    /// The same ratio from turns that alternate every few ms: what else runs on the machine disturbs both alike. The
    /// median over all rounds.
    /// </summary>
    private static double SideBySide(string floor, string other, TimeSpan time)
    {
        var pairs = new UncontendedPairs();
        pairs.Open();
        var (runFloor, runOther) = (Delegate(floor), Delegate(other));
        var ratios = new List<double>();
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < time;)
        {
            ratios.Add(Time(runFloor) / Time(runOther));
            ratios.Add(1 / (Time(runOther) / Time(runFloor)));
        }

        pairs.Close();
        return ratios.Order().ElementAt(ratios.Count / 2);

        Func<Task> Delegate(string name)
        {
            var method = typeof(UncontendedPairs).GetMethod(name)!;
            if (method.ReturnType == typeof(Task))
            {
                return method.CreateDelegate<Func<Task>>(pairs);
            }

            var run = method.CreateDelegate<Action>(pairs);
            return () =>
            {
                run();
                return Task.CompletedTask;
            };
        }

        static double Time(Func<Task> run)
        {
            var start = Stopwatch.GetTimestamp();
            run().GetAwaiter().GetResult();
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
    }
}
