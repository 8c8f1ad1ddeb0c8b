using DistributedMutex.Faults.Setups;
using DistributedMutex.Faults.Workers;

namespace DistributedMutex.Faults.Nemesis;

/// <summary>kill -9, wherever the process is just now; another takes its place.</summary>
internal sealed class KillWorker() : Fault("kill-worker")
{
    public override bool StrikesProcesses => true;

    public override TimeSpan Recovery => TimeSpan.Zero;

    public override Strike Plan(Arena arena, Random random)
    {
        var place = arena.Crew.Pick(random);
        return new Strike("-", () =>
        {
            arena.Crew.Replace(place);
            return Task.CompletedTask;
        })
        { Targets = [arena.Crew.Workers[place].Name] };
    }
}

/// <summary>SIGSTOP for a time that is shorter than a lease, or longer than the short ones; then SIGCONT.</summary>
internal sealed class StopWorker(string name, double from, double to) : Fault(name)
{
    public override bool StrikesProcesses => true;

    public override TimeSpan Recovery => TimeSpan.Zero;

    public override Strike Plan(Arena arena, Random random)
    {
        var (worker, time) = (arena.Crew.Workers[arena.Crew.Pick(random)], Between(random, from, to));
        return new Strike($"{time.TotalSeconds:F1}s", async () =>
        {
            try
            {
                await worker.StopAsync().ConfigureAwait(false);
                await Task.Delay(time).ConfigureAwait(false);
            }
            finally
            {
                await worker.ContinueAsync().ConfigureAwait(false);
            }
        })
        { Targets = [worker.Name] };
    }
}

/// <summary>
/// SIGSTOP for the process that is next in line for a lock, until its grant has come and gone and another holds: the
/// worst moment to wake. Tokens name their process; where they do not, any process is struck, for as long as that takes.
/// </summary>
internal sealed class StopHeadOfLine() : Fault("stop-worker-in-line")
{
    private static readonly TimeSpan UntilGranted = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(6);

    public override int Weight => 3;

    public override bool StrikesProcesses => true;

    public override TimeSpan Recovery => TimeSpan.Zero;

    public override Strike Plan(Arena arena, Random random)
    {
        // Who wakes while another holds for a moment only has little chance to do harm.
        var names = random.Next(3) == 0 ? arena.Setup.Locks : arena.Setup.SlowLocks;
        var (start, any) = (random.Next(names.Count), arena.Crew.Pick(random));
        var (name, worker) = Enumerable.Range(start, names.Count).Select(number => names[number % names.Count])
            .Select(name => (Name: name, Worker: FindHead(arena, name))).FirstOrDefault(found => found.Worker is not null, (names[start], null));
        worker ??= arena.Crew.Workers[any];
        return new Strike(name, async () =>
        {
            try
            {
                await worker.StopAsync().ConfigureAwait(false);
                await UntilAnotherHoldsAsync(arena, worker, "lock:" + name).ConfigureAwait(false);
            }
            finally
            {
                await worker.ContinueAsync().ConfigureAwait(false);
            }
        })
        { Targets = [worker.Name] };
    }

    private static WorkerProcess? FindHead(Arena arena, string name) =>
        FindAsync(arena, "ZRANGE", $"{{lock:{name}}}:queue", "0", "0").GetAwaiter().GetResult() is object?[] and [string token]
            ? arena.Crew.Workers.FirstOrDefault(worker => IsOf(worker, token))
            : null;

    private static async Task UntilAnotherHoldsAsync(Arena arena, WorkerProcess worker, string key)
    {
        using var end = new CancellationTokenSource(UntilGranted);
        for (string? granted = null; !end.IsCancellationRequested;)
        {
            var holder = await FindAsync(arena, "GET", key).ConfigureAwait(false) as string;
            if (granted is not null && holder is not null && holder != granted)
            {
                return;
            }

            if (granted is null && holder is not null && IsOf(worker, holder))
            {
                granted = holder;
                end.CancelAfter(Longest);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(2), CancellationToken.None).ConfigureAwait(false);
        }
    }

    // "machine-process-connection:random"
    private static bool IsOf(WorkerProcess worker, string token) => token.Contains($"-{worker.Id}-", StringComparison.Ordinal);

    private static async Task<object?> FindAsync(Arena arena, params string[] words)
    {
        try
        {
            return await arena.AskOwnerAsync(words).ConfigureAwait(false);
        }
        catch (Exception e) when (Node.IsAway(e))
        {
            return null;
        }
    }
}

/// <summary>A client of another kind on the same keys for some seconds: python3-redis.</summary>
internal sealed class ForeignClient() : Fault("foreign-client")
{
    private int _started;

    public override int Weight => 1;

    public override bool StrikesProcesses => true;

    public override TimeSpan Recovery => TimeSpan.FromSeconds(3);

    public override Strike? Plan(Arena arena, Random random)
    {
        var time = Between(random, 1, 3);
        if (Python.Program is not { } python)
        {
            return null;
        }

        var plan = arena.Crew.PlanOf($"foreign{Interlocked.Increment(ref _started)}", arena.Crew.Pick(random));
        return new Strike($"{time.TotalSeconds:F1}s", async () =>
        {
            using var client = WorkerProcess.Start(plan.Name, python, Path.Combine(AppContext.BaseDirectory, "Workers", "foreign.py"), plan.ToJson());
            await Task.Delay(time).ConfigureAwait(false);
            if (await client.EndAsync().ConfigureAwait(false) is { } complaint)
            {
                throw new InvalidOperationException(complaint);
            }
        });
    }
}
