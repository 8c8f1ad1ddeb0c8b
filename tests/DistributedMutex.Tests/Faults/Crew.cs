using System.Collections.Concurrent;
using StackExchange.Redis;

namespace DistributedMutex.Tests.Faults;

/// <summary>Workers that take one lock by turns, each with a mutex of its own, whatever happens to the server; they watch each other.</summary>
internal sealed class Crew : IAsyncDisposable
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(20);

    private readonly IReadOnlyList<RedisMutex> _mutexes;
    private readonly string _resource;
    private readonly ConcurrentDictionary<MutexLock, bool> _inside = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _workers;
    private int _taken;
    private int _doubled;

    public Crew(IReadOnlyList<RedisMutex> mutexes, string resource = "x")
    {
        (_mutexes, _resource) = (mutexes, resource);
        _workers = [.. mutexes.Select((mutex, number) => Task.Run(() => WorkAsync(mutex, sync: number % 3 == 2)))];
    }

    /// <summary>How often two said at one time that they hold the lock.</summary>
    public int Doubled => Volatile.Read(ref _doubled);

    /// <summary>How often the lock was taken.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <summary>Completes when the lock has been taken so many times more.</summary>
    public async Task TakeAsync(int times)
    {
        var end = Taken + times;
        while (Taken < end)
        {
            await Task.Delay(5);
        }
    }

    /// <summary>Ends the workers, and the mutexes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_workers).WaitAsync(Wait * 2);
        await Task.WhenAll(_mutexes.Select(mutex => mutex.DisposeAsync().AsTask()));
    }

    private async Task WorkAsync(RedisMutex mutex, bool sync)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var held = sync ? mutex.Acquire(_resource, Wait) : await mutex.AcquireAsync(_resource, Wait, cancellationToken: _stop.Token);
                _inside[held] = true;
                Watch(held);
                await Task.Delay(5);
                Watch(held);
                _inside.TryRemove(held, out _);
                Interlocked.Increment(ref _taken);
            }
            catch (Exception e) when (e is RedisException or TimeoutException or LockAcquisitionException or OperationCanceledException)
            {
                // It comes again.
            }
        }
    }

    private void Watch(MutexLock mine)
    {
        foreach (var other in _inside.Keys)
        {
            // Both at one time, not one after the other: mine was held before and after I looked at the other's.
            if (other != mine && mine.IsHeld && other.IsHeld && mine.IsHeld)
            {
                Interlocked.Increment(ref _doubled);
            }
        }
    }
}
