using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using Medallion.Threading.Redis;
using RedLockNet.SERedis;
using StackExchange.Redis;

namespace DistributedMutex.Benchmarks.Reports;

/// <summary>Prints the tables of the suites as a page of Markdown, and writes those of each to a file.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    private static readonly string[] Packages = [NameOf<ConnectionMultiplexer>(), NameOf<RedisDistributedLock>(), NameOf<RedLockFactory>()];

    private static readonly string Machine =
        $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}";

    /// <summary>Says how what follows was made.</summary>
    public static void Begin(IReadOnlyList<string> arguments, BenchmarkOptions options) => Console.WriteLine($"""
        # Results

            dotnet run -c Release --project tests/DistributedMutex.Benchmarks -- {string.Join(' ', arguments)}

        {options.Server.Name}; {string.Join(", ", Packages)}; {Machine}.
        """);

    public static void Write(string suite, BenchmarkOptions options, IReadOnlyList<Table> tables)
    {
        Console.WriteLine();
        Console.WriteLine($"## {suite}");
        foreach (var table in tables)
        {
            Console.WriteLine();
            Console.Write(table.ToMarkdown());
        }

        Directory.CreateDirectory(options.Output);
        var file = Path.Combine(options.Output, suite + ".json");
        File.WriteAllText(file, JsonSerializer.Serialize(
            new
            {
                suite,
                date = DateTime.UtcNow.ToString("s", CultureInfo.InvariantCulture) + "Z",
                server = options.Server.Name,
                packages = Packages,
                machine = Machine,
                quick = options.Quick,
                tables = tables.Select(table => new { title = table.Title, rows = table.Rows, problems = table.Notes }),
            },
            Json));
        Console.Error.WriteLine($"Written to {file}");
    }

    // The version of a package, without the commit that follows it; that of its assembly says less.
    private static string NameOf<T>()
    {
        var assembly = typeof(T).Assembly;
        return $"{assembly.GetName().Name} {assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]}";
    }
}
