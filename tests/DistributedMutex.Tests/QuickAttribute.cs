using Xunit.v3;

namespace DistributedMutex.Tests;

/// <summary>
/// What <c>dotnet test --filter Category=Quick</c> runs, in half a minute and on every system: these tests need no program
/// but Garnet, no signals, no shell and no other process, and none waits for long.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class QuickAttribute : Attribute, ITraitAttribute
{
    /// <inheritdoc/>
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Category", "Quick")];
}
