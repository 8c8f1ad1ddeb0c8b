using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using StackExchange.Redis;

namespace DistributedMutex.Benchmarks.Reports;

/// <summary>Prints the tables of a suite and writes them to a file.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    public static void Write(string suite, string server, BenchmarkOptions options, IReadOnlyList<Table> tables)
    {
        var client = typeof(ConnectionMultiplexer).Assembly.GetName().Version!.ToString(3);
        var machine = $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}";
        Console.WriteLine($"## {suite}");
        Console.WriteLine();
        Console.WriteLine($"{server}, StackExchange.Redis {client}; {machine}{(options.Quick ? "; a quick run" : "")}.");
        foreach (var table in tables)
        {
            Console.WriteLine();
            Console.Write(table.ToMarkdown());
        }

        Console.WriteLine();
        Directory.CreateDirectory(options.Output);
        var file = Path.Combine(options.Output, suite + ".json");
        File.WriteAllText(file, JsonSerializer.Serialize(
            new
            {
                suite,
                date = DateTime.UtcNow.ToString("s", CultureInfo.InvariantCulture) + "Z",
                server,
                client,
                machine,
                quick = options.Quick,
                tables = tables.Select(table => new { title = table.Title, rows = table.Rows, problems = table.Notes }),
            },
            Json));
        Console.Error.WriteLine($"Written to {file}");
    }
}
