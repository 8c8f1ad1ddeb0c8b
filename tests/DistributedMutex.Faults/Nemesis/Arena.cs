using DistributedMutex.Faults.Setups;
using DistributedMutex.Faults.Workers;

namespace DistributedMutex.Faults.Nemesis;

/// <summary>What there is to break.</summary>
internal sealed record Arena(Setup Setup, Crew Crew)
{
    /// <summary>Sends a command to each server.</summary>
    /// <exception cref="Exception">One of them is away, or refuses; the others were told.</exception>
    public Task TellAllAsync(params string[] words) => Task.WhenAll(Setup.Nodes.Select(node => node.AskAsync(words)));

    /// <summary>Sends a command to the server that has a lock's keys: not a replica, and of a cluster the member that owns them.</summary>
    public async Task<object?> AskOwnerAsync(params string[] words)
    {
        foreach (var node in Setup.Nodes)
        {
            try
            {
                if (Setup.Nodes.Count == 1 || await node.IsMasterAsync().ConfigureAwait(false))
                {
                    return await node.AskAsync(words).ConfigureAwait(false);
                }
            }
            catch (RespException e) when (e.Message.StartsWith("MOVED", StringComparison.Ordinal) || e.Message.StartsWith("ASK", StringComparison.Ordinal))
            {
                // The next.
            }
        }

        throw new RespException($"No server does {words[0]} just now.");
    }
}
