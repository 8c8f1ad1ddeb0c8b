using System.Diagnostics;
using DistributedMutex.Benchmarks.Locks;
using DistributedMutex.Workshop;
using StackExchange.Redis;

namespace DistributedMutex.Benchmarks.Load;

/// <summary>A private server that the locks are measured on.</summary>
internal sealed class Arena : IDisposable
{
    private readonly PrivateServer _server;
    private readonly RedisClient _control;
    private int _resources;

    private Arena(PrivateServer server)
    {
        _server = server;
        _control = NewClient();
    }

    public int Port => _server.Port;

    public static async Task<Arena> OpenAsync(ServerKind kind)
    {
        var arena = new Arena(await PrivateServer.StartAsync(kind, [], CancellationToken.None));
        await CompareAndDelete.LoadAsync(arena._control.Database);
        await new Crew(arena._control.Connection).WarmUpAsync();
        return arena;
    }

    public RedisClient NewClient(int? port = null) => new(new RedisSettings { Host = "127.0.0.1", Port = port ?? Port });

    /// <summary>A resource that no other measurement uses.</summary>
    public string NewResource() => $"benchmark-{Interlocked.Increment(ref _resources)}";

    /// <summary>The median time of a PING on an idle connection, in ms: the unit of hand-offs.</summary>
    public static async Task<double> RoundTripAsync(IDatabase database)
    {
        var until = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 2);
        var times = new List<double>();
        for (var ping = 0; ping < 1000 && Stopwatch.GetTimestamp() < until; ping++)
        {
            var sent = Stopwatch.GetTimestamp();
            await database.PingAsync();
            times.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }

        return times.Order().ElementAt(times.Count / 2);
    }

    public void Dispose()
    {
        _control.Dispose();
        _server.Dispose();
    }
}
