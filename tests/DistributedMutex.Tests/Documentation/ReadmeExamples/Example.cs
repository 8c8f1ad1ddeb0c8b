using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests.Documentation.ReadmeExamples;

/// <summary>
/// What the README shows, run on a real server. A #region is what it shows; what it calls (ShipOrder and so on) is for the
/// test to know that it was called, and in what state.
/// </summary>
[Collection(Alone.Name)]
public abstract class Example(DocumentedServer server) : IClassFixture<DocumentedServer>
{
    protected RedisSettings Settings { get; } = server.Settings;

    protected List<string> Done { get; } = [];

    /// <summary>Takes the place of System.Console.</summary>
    protected Printer Console => new(Done);

    /// <summary>The order of the examples is shipped, which must be while its lock is held.</summary>
    protected void ShipOrder()
    {
        Assert.True(IsLocked("order:42"));
        Done.Add("shipped");
    }

    /// <inheritdoc cref="ShipOrder"/>
    protected Task ShipOrderAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ShipOrder();
        return Task.CompletedTask;
    }

    protected bool IsLocked(string resource)
    {
        using var client = new RedisClient(Settings);
        return client.Database.KeyExists($"lock:{resource}");
    }

    protected sealed record Printer(List<string> Done)
    {
        public void WriteLine(string text) => Done.Add(text);
    }
}
