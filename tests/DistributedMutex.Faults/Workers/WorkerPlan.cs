using System.Text.Json;
using System.Text.Json.Serialization;

namespace DistributedMutex.Faults.Workers;

/// <summary>What a worker process is told.</summary>
/// <param name="Name">Its name in the history.</param>
/// <param name="Folder">Where the history and the stores are.</param>
/// <param name="Origin">When the run began, by CLOCK_MONOTONIC.</param>
/// <param name="Seed">What it chooses by.</param>
/// <param name="BusyLocks">What it locks for a moment.</param>
/// <param name="SlowLocks">What it locks for long.</param>
/// <param name="LongLocks">What it locks for a moment, with a long lease.</param>
/// <param name="Connection">How its shared connections are configured, as StackExchange.Redis reads it.</param>
/// <param name="Own">The server of the mutexes that open a connection of their own; null where RedisSettings can't name it, as with Sentinel.</param>
internal sealed record WorkerPlan(
    string Name, string Folder, long Origin, int Seed, IReadOnlyList<string> BusyLocks, IReadOnlyList<string> SlowLocks, IReadOnlyList<string> LongLocks, string Connection, RedisSettings? Own)
{
    [JsonIgnore]
    public IEnumerable<string> Locks => [.. BusyLocks, .. SlowLocks, .. LongLocks];

    public string ToJson() => JsonSerializer.Serialize(this);

    public static WorkerPlan FromJson(string json) =>
        JsonSerializer.Deserialize<WorkerPlan>(json) ?? throw new FormatException("A worker was given no plan.");
}
