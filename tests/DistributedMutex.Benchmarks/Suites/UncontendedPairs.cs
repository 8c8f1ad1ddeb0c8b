using BenchmarkDotNet.Attributes;
using DistributedMutex.Benchmarks.Locks;
using StackExchange.Redis;

namespace DistributedMutex.Benchmarks.Suites;

/// <summary>Pairs of acquire and release on keys that nobody else wants; every invocation is <see cref="Pairs"/> pairs.</summary>
[MemoryDiagnoser]
public class UncontendedPairs
{
    public const int Pairs = 64;

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private static readonly string[] Resources = [.. Enumerable.Range(0, Pairs).Select(number => $"pair-{number}")];
    private static readonly RedisKey[] Keys = [.. Resources.Select(resource => (RedisKey)$"floor:{resource}")];

    private RedisMutex _mutex = null!;
    private IDatabase _database = null!;

    /// <summary>BenchmarkDotNet makes the objects, so they can be told only here.</summary>
    public static int Port { get; set; }

    [GlobalSetup]
    public void Open()
    {
        _mutex = new RedisMutex(new RedisSettings { Host = "127.0.0.1", Port = Port });
        _database = _mutex.Database;
    }

    [GlobalCleanup]
    public void Close() => _mutex.Dispose();

    [Benchmark(OperationsPerInvoke = Pairs)]
    public Task SequentialFloor() => SequentiallyAsync(FloorAsync);

    [Benchmark(OperationsPerInvoke = Pairs)]
    public Task SequentialLock() => SequentiallyAsync(LockAsync);

    [Benchmark(OperationsPerInvoke = Pairs)]
    public Task SequentialScope() => SequentiallyAsync(ScopeAsync);

    [Benchmark(OperationsPerInvoke = Pairs)]
    public Task SequentialLockTake() => SequentiallyAsync(LockTakeAsync);

    [Benchmark(OperationsPerInvoke = Pairs)]
    public Task AtOnceFloor() => AtOnceAsync(FloorAsync);

    [Benchmark(OperationsPerInvoke = Pairs)]
    public Task AtOnceLock() => AtOnceAsync(LockAsync);

    [Benchmark(OperationsPerInvoke = Pairs)]
    public Task AtOnceScope() => AtOnceAsync(ScopeAsync);

    [Benchmark(OperationsPerInvoke = Pairs)]
    public Task AtOnceLockTake() => AtOnceAsync(LockTakeAsync);

    [Benchmark(OperationsPerInvoke = Pairs)]
    public void SyncFloor()
    {
        foreach (var key in Keys)
        {
            var token = Guid.NewGuid().ToString("N");
            Check(_database.StringSet(key, token, Lease, When.NotExists));
            Check((bool)_database.ScriptEvaluate(CompareAndDelete.Hash, [key], [token]));
        }
    }

    [Benchmark(OperationsPerInvoke = Pairs)]
    public void SyncLock()
    {
        foreach (var resource in Resources)
        {
            Check(_mutex.Lock(resource));
            Check(_mutex.Unlock(resource));
        }
    }

    [Benchmark(OperationsPerInvoke = Pairs)]
    public void SyncLockTake()
    {
        foreach (var key in Keys)
        {
            var token = Guid.NewGuid().ToString("N");
            Check(_database.LockTake(key, token, Lease));
            Check(_database.LockRelease(key, token));
        }
    }

    private static async Task SequentiallyAsync(Func<int, Task> pair)
    {
        for (var number = 0; number < Pairs; number++)
        {
            await pair(number);
        }
    }

    private static Task AtOnceAsync(Func<int, Task> pair)
    {
        var running = new Task[Pairs];
        for (var number = 0; number < Pairs; number++)
        {
            running[number] = pair(number);
        }

        return Task.WhenAll(running);
    }

    private async Task FloorAsync(int number)
    {
        var token = Guid.NewGuid().ToString("N");
        Check(await _database.StringSetAsync(Keys[number], token, Lease, When.NotExists));
        Check((bool)await _database.ScriptEvaluateAsync(CompareAndDelete.Hash, [Keys[number]], [token]));
    }

    private async Task LockAsync(int number)
    {
        Check(await _mutex.LockAsync(Resources[number]));
        Check(await _mutex.UnlockAsync(Resources[number]));
    }

    private async Task ScopeAsync(int number)
    {
        await using var held = await _mutex.AcquireAsync(Resources[number]);
    }

    private async Task LockTakeAsync(int number)
    {
        var token = Guid.NewGuid().ToString("N");
        Check(await _database.LockTakeAsync(Keys[number], token, Lease));
        Check(await _database.LockReleaseAsync(Keys[number], token));
    }

    private static void Check(bool held)
    {
        if (!held)
        {
            throw new InvalidOperationException("A lock that nobody else wants was not to be had, or was lost.");
        }
    }
}
