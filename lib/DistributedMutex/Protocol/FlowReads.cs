using System.Collections.Immutable;

namespace DistributedMutex.Protocol;

/// <summary>
/// Which read locks of one instance a flow of control has: a method and what it calls, and the tasks that it has started since.
/// What it hands to another flow, and what it has from another instance, nobody can know of.
/// </summary>
internal sealed class FlowReads
{
    private readonly AsyncLocal<ImmutableList<Read>?> _reads = new();

    /// <summary>The flow that calls this is about to ask for a read lock. Not to be called in an async method: that is a flow of its own.</summary>
    public Read Begin(string resource, TimeSpan now)
    {
        var read = new Read(resource);
        _reads.Value = (_reads.Value ?? []).RemoveAll(other => other.IsOver(now)).Add(read);
        return read;
    }

    /// <summary>Whether the flow reads the resource now.</summary>
    public bool Has(string resource, TimeSpan now) => _reads.Value?.Exists(read => read.Resource == resource && read.IsHeld(now)) == true;

    internal sealed class Read(string resource)
    {
        private Hold? _hold;
        private bool _isAnswered;

        public string Resource => resource;

        public void Ends(Hold? hold) => (_hold, _isAnswered) = (hold, true);

        public bool IsHeld(TimeSpan now) => _hold?.Remaining(now) > TimeSpan.Zero;

        public bool IsOver(TimeSpan now) => _isAnswered && !IsHeld(now);
    }
}
