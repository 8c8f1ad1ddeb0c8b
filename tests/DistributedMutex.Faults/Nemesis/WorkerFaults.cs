using DistributedMutex.Faults.Setups;

namespace DistributedMutex.Faults.Nemesis;

/// <summary>kill -9, wherever the process is just now; another takes its place.</summary>
internal sealed class KillWorker() : Fault("kill-worker")
{
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
    public override int Weight => 3;

    public override TimeSpan Recovery => TimeSpan.Zero;

    public override Strike Plan(Arena arena, Random random) => Of(arena, arena.Crew.Pick(random), Between(random, from, to));

    public static Strike Of(Arena arena, int place, TimeSpan time)
    {
        var worker = arena.Crew.Workers[place];
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
/// SIGSTOP for the process that is next in line for a lock, until its grant has come and gone. Its token names it; where
/// tokens don't, the process that is struck is any.
/// </summary>
internal sealed class StopHeadOfLine() : Fault("stop-worker-in-line")
{
    public override int Weight => 6;

    public override TimeSpan Recovery => TimeSpan.Zero;

    public override Strike Plan(Arena arena, Random random)
    {
        var (name, any, time) = (arena.Setup.Locks[random.Next(arena.Setup.Locks.Count)], arena.Crew.Pick(random), Between(random, 3, 4));
        var head = FindHead(arena, $"{{lock:{name}}}:queue").GetAwaiter().GetResult();
        var place = arena.Crew.Workers.ToList().FindIndex(worker => head?.Contains($"-{worker.Id}-", StringComparison.Ordinal) == true);
        return StopWorker.Of(arena, place < 0 ? any : place, time);
    }

    private static async Task<string?> FindHead(Arena arena, string queue)
    {
        foreach (var node in arena.Setup.Nodes)
        {
            try
            {
                return await node.AskAsync("ZRANGE", queue, "0", "0").ConfigureAwait(false) is object?[] and [string head] ? head : null;
            }
            catch (Exception e) when (Node.IsAway(e))
            {
                // The next.
            }
        }

        return null;
    }
}

/// <summary>A client of another kind on the same keys for some seconds: python3-redis.</summary>
internal sealed class ForeignClient() : Fault("foreign-client")
{
    private int _started;

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
            using var client = Workers.WorkerProcess.Start(plan.Name, python, Path.Combine(AppContext.BaseDirectory, "Workers", "foreign.py"), plan.ToJson());
            await Task.Delay(time).ConfigureAwait(false);
            if (await client.EndAsync().ConfigureAwait(false) is { } complaint)
            {
                throw new InvalidOperationException(complaint);
            }
        });
    }
}
