using DistributedMutex.Faults.Checking;
using DistributedMutex.Faults.History;
using DistributedMutex.Faults.Store;
using DistributedMutex.Tests.Processes;

namespace DistributedMutex.Tests.FaultCampaign;

/// <summary>The store that a campaign's workers write to, and what the checker says of its journal.</summary>
public sealed class FencedStoreTests : IDisposable
{
    private const string Rule = "the store stays right";

    private readonly TemporaryFolder _folder = new();

    public FencedStoreTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "a campaign and its store run on Linux");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_store_refuses_a_fence_that_is_older_than_one_that_it_was_shown_be_it_by_a_reader()
    {
        using var store = new FencedStore(_folder.Path, "a");
        using var same = new FencedStore(_folder.Path, "a");
        Assert.Equal(0, store.Read(5, "w1"));
        Assert.Equal(0, same.Read(6, "w2"));
        Assert.False(store.Write(5, 1, "w1"));
        Assert.True(same.Write(6, 1, "w2"));
        Assert.Null(store.Read(5, "w1"));
        Assert.Equal(1, store.Read(7, "w1"));
        Assert.Equal([(6, 1, true), (7, 1, false)], FencedStore.ReadJournal(_folder.File("a.journal")).Skip(2).Select(entry => (entry.Fence, entry.Value, entry.IsWrite)));
    }

    [Fact]
    public void Threads_that_read_and_write_with_rising_fences_lose_no_update()
    {
        var (fence, accepted) = (0L, 0L);
        Parallel.For(0, 4, number =>
        {
            using var store = new FencedStore(_folder.Path, "a");
            for (var i = 0; i < 200; i++)
            {
                var mine = Interlocked.Increment(ref fence);
                if (store.Read(mine, "w") is { } value && store.Write(mine, value + 1, "w"))
                {
                    Interlocked.Increment(ref accepted);
                }
            }
        });
        var journal = FencedStore.ReadJournal(_folder.File("a.journal"));
        Assert.Equal(accepted, journal[^1].Value);
        Assert.Empty(Check(journal));
    }

    [Fact]
    public void An_older_fence_that_was_taken_is_found_and_proved()
    {
        var violation = Assert.Single(Check([new(7, 1, true, "w1"), new(6, 2, true, "w2")]));
        Assert.Contains("took fence 6", violation.Claim, StringComparison.Ordinal);
        Assert.Contains(violation.Evidence, line => line.Line.Contains("w1/x acquired op=7", StringComparison.Ordinal));
        Assert.Contains(violation.Evidence, line => line.Line.Contains("w2/x write op=6", StringComparison.Ordinal));
    }

    [Fact]
    public void An_update_that_was_lost_is_found() =>
        Assert.Contains("is lost", Assert.Single(Check([new(7, 1, true, "w1"), new(8, 1, true, "w2")])).Claim, StringComparison.Ordinal);

    private static IReadOnlyList<Violation> Check(IReadOnlyList<JournalEntry> journal)
    {
        var history = new ToldHistory().Scope("w2/x", 10, 10.1, 10.2, 6).Say("10.15 w2/x write op=6 fence=6 accepted=yes").Scope("w1/x", 11, 11.1, 11.2, 7).Read();
        history.Journals["a"] = journal;
        var violations = Checker.Check(history);
        Assert.All(violations, violation => Assert.Equal(Rule, violation.Rule));
        return violations;
    }
}
