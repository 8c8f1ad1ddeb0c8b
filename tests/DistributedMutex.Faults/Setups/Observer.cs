using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Setups;

/// <summary>Asks the master all the time what the keys of the locks hold, and until when. It has a way of its own, which no link breaks.</summary>
internal sealed class Observer(Setup setup, HistoryWriter history)
{
    public const string Name = "observer";

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    // A server that is stopped or paused answers late; the answer then says little, but is not wrong.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public Task RunAsync(CancellationToken stop) => Task.WhenAll(setup.Locks.Select(name => Task.Run(() => WatchAsync(name, stop), CancellationToken.None)));

    private async Task WatchAsync(string name, CancellationToken stop)
    {
        for (var at = 0; !stop.IsCancellationRequested; at = (at + 1) % setup.Nodes.Count)
        {
            try
            {
                using var connection = await Resp.ConnectAsync(setup.Nodes[at].Port).ConfigureAwait(false);
                while (!stop.IsCancellationRequested && await LookAsync(connection, name).ConfigureAwait(false))
                {
                    await Task.Delay(Interval, CancellationToken.None).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (Node.IsAway(e))
            {
                // It looks at the next.
            }

            await Task.Delay(Interval, CancellationToken.None).ConfigureAwait(false);
        }
    }

    // False if the key is not that server's.
    private async Task<bool> LookAsync(Resp connection, string name)
    {
        var key = "lock:" + name;
        var from = history.Now;
        var replies = await connection.AskAllAsync(Patience, ["MULTI"], ["ROLE"], ["GET", key], ["PTTL", key], ["EXEC"]).ConfigureAwait(false);
        if (replies[^1] is object?[] and [object?[] and ["master", ..], var token, long left])
        {
            history.Write(Name, $"observed lock={name} from={from:F6} token={token ?? "-"} left={(left < 0 ? -1 : left / 1000.0)}");
            return true;
        }

        return false;
    }
}
