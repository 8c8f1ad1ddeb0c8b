using System.Collections.Concurrent;
using System.Diagnostics;
using DistributedMutex.Benchmarks.Locks;
using StackExchange.Redis;

namespace DistributedMutex.Benchmarks.Load;

/// <summary>Workers of this process.</summary>
internal sealed class Crew(IConnectionMultiplexer connection) : ICrew
{
    // Nobody holds for longer than a few ms: who has not come back by then hangs.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentBag<string> _problems = [];
    private CancellationTokenSource _stop = new();
    private List<Turn>[] _turns = [];
    private LockSource[] _sources = [];
    private LockAdapter[] _locks = [];
    private Task[] _running = [];

    /// <summary>Compiles what the measurements run.</summary>
    public async Task WarmUpAsync()
    {
        foreach (var kind in LockKind.Contended)
        {
            Start(new LockLoad(kind.Name, $"warm-up-{Environment.ProcessId}", Workers: 2));
            await Task.Delay(TimeSpan.FromMilliseconds(150));
            await StopAsync();
        }
    }

    public void Start(LockLoad load)
    {
        var kind = LockKind.Find(load.Lock);
        _stop = new CancellationTokenSource();
        _problems.Clear();
        _turns = Enumerable.Range(0, load.Workers).Select(_ => new List<Turn>(1024)).ToArray();
        _sources = Enumerable.Range(0, load.OneInstance ? 1 : load.Workers).Select(_ => kind.Open(connection)).ToArray();
        _locks = Enumerable.Range(0, load.Workers).Select(worker => _sources[load.OneInstance ? 0 : worker].AdapterFor(load.Resource)).ToArray();
        _running = Enumerable.Range(0, load.Workers).Select(worker => load.Threads ? StartThread(worker, load) : StartTask(worker, load)).ToArray();
    }

    public Task<long> CountAsync() => Task.FromResult(connection.OperationCount);

    public async Task<TurnLog> StopAsync()
    {
        await _stop.CancelAsync();
        var ended = Task.WhenAll(_running);
        if (await Task.WhenAny(ended, Task.Delay(Patience)) != ended)
        {
            _problems.Add($"{_running.Count(worker => !worker.IsCompleted)} workers still hang {Patience.TotalSeconds:0} s after the load was stopped");
            return new TurnLog([], [.. _problems]);
        }

        // The last worker may have ended on the Redis client's own thread, which must not run (or block in) what follows.
        await Task.Yield();
        foreach (var source in _sources)
        {
            source.Dispose();
        }

        _stop.Dispose();
        return new TurnLog([.. _turns.SelectMany(turns => turns)], [.. _problems.Distinct()]);
    }

    private Task StartTask(int worker, LockLoad load) => Task.Run(async () =>
    {
        var (mine, stop) = (_locks[worker], _stop.Token);
        var asked = 0L;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                asked = Stopwatch.GetTimestamp();
                if (!await mine.AcquireAsync(stop))
                {
                    _problems.Add("acquire said false, though it may wait without end");
                    continue;
                }

                var acquired = Stopwatch.GetTimestamp();
                if (load.HoldMilliseconds > 0)
                {
                    await Task.Delay(load.HoldMilliseconds, CancellationToken.None);
                }

                var releasing = Stopwatch.GetTimestamp();
                Note(worker, load, new Turn(0, asked, acquired, releasing), await mine.ReleaseAsync());
                if (load.PauseMilliseconds > 0)
                {
                    await Task.Delay(load.PauseMilliseconds, CancellationToken.None);
                }
            }
        }
        catch (OperationCanceledException)
        {
            Note(worker, load, new Turn(0, asked, Turn.Never, Turn.Never), true);
        }
        catch (Exception e)
        {
            _problems.Add($"{e.GetType().Name}: {e.Message}");
        }
    });

    private Task StartThread(int worker, LockLoad load)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(Run, maxStackSize: 256 * 1024) { IsBackground = true }.Start();
        return ended.Task;

        void Run()
        {
            RunThread(worker, load);
            ended.SetResult();
        }
    }

    private void RunThread(int worker, LockLoad load)
    {
        var (mine, stop) = (_locks[worker], _stop.Token);
        var asked = 0L;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                asked = Stopwatch.GetTimestamp();
                if (!mine.Acquire(stop))
                {
                    _problems.Add("acquire said false, though it may wait without end");
                    continue;
                }

                var acquired = Stopwatch.GetTimestamp();
                Sleep(load.HoldMilliseconds);
                var releasing = Stopwatch.GetTimestamp();
                Note(worker, load, new Turn(0, asked, acquired, releasing), mine.Release());
                Sleep(load.PauseMilliseconds);
            }
        }
        catch (OperationCanceledException)
        {
            Note(worker, load, new Turn(0, asked, Turn.Never, Turn.Never), true);
        }
        catch (Exception e)
        {
            _problems.Add($"{e.GetType().Name}: {e.Message}");
        }

        static void Sleep(int milliseconds)
        {
            if (milliseconds > 0)
            {
                Thread.Sleep(milliseconds);
            }
        }
    }

    private void Note(int worker, LockLoad load, Turn turn, bool released)
    {
        _turns[worker].Add(turn with { Worker = load.FirstWorker + worker });
        if (!released)
        {
            _problems.Add("release said that the lock was not held any more");
        }
    }
}
