using System.Diagnostics;
using DistributedMutex.Faults.Setups;
using DistributedMutex.Workshop;

namespace DistributedMutex.Faults.Nemesis;

/// <summary>A command to all servers, and one that takes it back after a time if there is anything to take back.</summary>
internal sealed class Command(string name, string[] words, string[]? back = null, double from = 0, double to = 0, bool stopsService = false) : Fault(name)
{
    public override bool StopsService => stopsService;

    public override Strike Plan(Arena arena, Random random)
    {
        var time = Between(random, from, to);
        return new Strike($"{time.TotalSeconds:F1}s", async () =>
        {
            try
            {
                await arena.TellAllAsync(words).ConfigureAwait(false);
                await Task.Delay(time).ConfigureAwait(false);
            }
            finally
            {
                if (back is not null)
                {
                    await MendAsync(() => arena.TellAllAsync(back)).ConfigureAwait(false);
                }
            }
        });
    }
}

/// <summary>An operator deletes a lock, mostly of those that are held for long, as operators do.</summary>
internal sealed class DeleteLock() : Fault("operator-del")
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public override int Weight => 4;

    public override Strike Plan(Arena arena, Random random)
    {
        var names = random.Next(4) == 0 ? arena.Setup.Locks : arena.Setup.SlowLocks;
        var name = names[random.Next(names.Count)];
        return new Strike(name, () => arena.AskOwnerAsync("DEL", "lock:" + name)) { Loses = name, LurkAsync = () => UntilHeldForLongAsync(arena, "lock:" + name) };
    }

    private static async Task UntilHeldForLongAsync(Arena arena, string key)
    {
        var began = Stopwatch.GetTimestamp();
        var since = began;
        for (object? holder = null; Stopwatch.GetElapsedTime(began) < Patience; await Task.Delay(TimeSpan.FromMilliseconds(10)).ConfigureAwait(false))
        {
            try
            {
                var now = await arena.AskOwnerAsync("GET", key).ConfigureAwait(false);
                (holder, since) = now is null || !now.Equals(holder) ? (now, Stopwatch.GetTimestamp()) : (holder, since);
                if (Stopwatch.GetElapsedTime(since) > Long)
                {
                    return;
                }
            }
            catch (Exception e) when (Node.IsAway(e))
            {
                // Perhaps soon.
            }
        }
    }
}

/// <summary>An operator deletes everything.</summary>
internal sealed class FlushAll() : Fault("operator-flushall")
{
    public override int Weight => 1;

    public override Strike Plan(Arena arena, Random random) => new("-", async () =>
    {
        foreach (var node in arena.Setup.Nodes)
        {
            if (await node.IsMasterAsync().ConfigureAwait(false))
            {
                await node.AskAsync("FLUSHALL").ConfigureAwait(false);
            }
        }
    })
    { Loses = "*" };
}

/// <summary>The server takes no command for a time, as CLIENT PAUSE does it.</summary>
internal sealed class PauseClients(string kind) : Fault("client-pause-" + kind.ToLowerInvariant())
{
    public override bool StopsService => true;

    public override Strike Plan(Arena arena, Random random)
    {
        var time = Between(random, 0.1, 1);
        return new Strike($"{time.TotalSeconds:F1}s", async () =>
        {
            await arena.TellAllAsync("CLIENT", "PAUSE", $"{time.TotalMilliseconds:F0}", kind).ConfigureAwait(false);
            await Task.Delay(time).ConfigureAwait(false);
        });
    }
}

/// <summary>Somebody's script does not end; all others are told BUSY until an operator kills it.</summary>
internal sealed class BusyScript() : Fault("busy-script")
{
    public override bool StopsService => true;

    public override Strike Plan(Arena arena, Random random)
    {
        var (node, time) = (arena.Setup.Nodes[random.Next(arena.Setup.Nodes.Count)], Between(random, 0.3, 1));
        return new Strike($"{time.TotalSeconds:F1}s", async () =>
        {
            var busy = node.AskAsync("EVAL", "while true do end", "0");
            await Task.Delay(time).ConfigureAwait(false);
            await node.AskAsync("SCRIPT", "KILL").ConfigureAwait(false);
            await ((Task)busy).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
    }
}

/// <summary>A server is killed and started again, and knows what it knew, or nothing.</summary>
internal sealed class RestartServer(bool withData) : Fault(withData ? "restart-with-data" : "restart-empty")
{
    public override bool StopsService => true;

    public override int Weight => 1;

    public override TimeSpan Recovery => TimeSpan.FromSeconds(10);

    public override Strike Plan(Arena arena, Random random)
    {
        var (node, time) = (arena.Setup.Nodes[random.Next(arena.Setup.Nodes.Count)], Between(random, 0, 1));
        return new Strike($"{time.TotalSeconds:F1}s", async () =>
        {
            node.Kill();
            await Task.Delay(time).ConfigureAwait(false);
            await node.StartAsync(withData).ConfigureAwait(false);
        })
        { Loses = withData ? "-" : "*" };
    }
}

/// <summary>The server hangs: SIGSTOP.</summary>
internal sealed class StopServer() : Fault("stop-server")
{
    public override bool StopsService => true;

    public override Strike Plan(Arena arena, Random random)
    {
        var (node, time) = (arena.Setup.Nodes[random.Next(arena.Setup.Nodes.Count)], Between(random, 0.2, 2));
        return new Strike($"{time.TotalSeconds:F1}s", async () =>
        {
            var process = node.ProcessId ?? throw new InvalidOperationException("The server is not there.");
            await ProcessSignal.StopAsync(process).ConfigureAwait(false);
            await Task.Delay(time).ConfigureAwait(false);
            await ProcessSignal.ContinueAsync(process).ConfigureAwait(false);
        });
    }
}
