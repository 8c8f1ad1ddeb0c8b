using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace DistributedMutex.Benchmarks.Load;

/// <summary>A crew in a process of its own: this program, told what to do by lines on its standard input.</summary>
internal sealed class CrewProcess : ICrew, IDisposable
{
    public const string Command = "crew";

    private const string CountLine = "count";
    private const string StopLine = "stop";

    private readonly Process _process;

    public CrewProcess(int port)
    {
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [typeof(CrewProcess).Assembly.Location, Command, port.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
    }

    /// <summary>What the other process runs: a load for each line until its input ends.</summary>
    public static async Task<int> RunAsync(int port)
    {
        using var client = new RedisClient(new RedisSettings { Host = "127.0.0.1", Port = port });
        var crew = new Crew(client.Connection);
        await crew.WarmUpAsync();
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            switch (line)
            {
                case CountLine:
                    Console.WriteLine(JsonSerializer.Serialize(await crew.CountAsync()));
                    break;
                case StopLine:
                    Console.WriteLine(JsonSerializer.Serialize(await crew.StopAsync()));
                    break;
                default:
                    crew.Start(JsonSerializer.Deserialize<LockLoad>(line)!);
                    break;
            }
        }

        return 0;
    }

    /// <summary>Completes when it is connected and compiled.</summary>
    public async Task WaitUntilReadyAsync() => await ReadAsync();

    public void Start(LockLoad load) => Write(JsonSerializer.Serialize(load));

    public Task<long> CountAsync() => AskAsync<long>(CountLine);

    public Task<TurnLog> StopAsync() => AskAsync<TurnLog>(StopLine);

    public void Dispose()
    {
        // The end of its input ends it.
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private async Task<T> AskAsync<T>(string line)
    {
        Write(line);
        return JsonSerializer.Deserialize<T>(await ReadAsync())!;
    }

    private void Write(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    private async Task<string> ReadAsync() =>
        await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("A worker process ended before its time.");
}
