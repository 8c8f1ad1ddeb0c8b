using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Setups;

/// <summary>Writes down which keys are still in Redis when all have gone and all leases are over.</summary>
internal static class Leftovers
{
    public static async Task WriteAsync(Setup setup, HistoryWriter history, TimeSpan patience)
    {
        var end = history.Now + patience.TotalSeconds;
        List<(string Key, long Left)> keys;
        do
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200)).ConfigureAwait(false);
            keys = await FindAsync(setup).ConfigureAwait(false);
        }
        while (keys.Exists(key => key.Key.StartsWith("lock:", StringComparison.Ordinal)) && history.Now < end);

        foreach (var (key, left) in keys)
        {
            history.Write(Observer.Name, $"leftover key={key} expires={(left < 0 ? "never" : $"{left / 1000}s")}");
        }
    }

    private static async Task<List<(string Key, long Left)>> FindAsync(Setup setup)
    {
        var found = new List<(string Key, long Left)>();
        foreach (var node in setup.Nodes)
        {
            if (!await node.IsMasterAsync().ConfigureAwait(false))
            {
                continue;
            }

            foreach (var key in ((object?[])(await node.AskAsync("KEYS", "*").ConfigureAwait(false))!).Cast<string>())
            {
                var left = (long)(await node.AskAsync("PTTL", key).ConfigureAwait(false))!;
                if (left != -2)
                {
                    found.Add((key, left));
                }
            }
        }

        return found;
    }
}
