using DistributedMutex.Faults;
using DistributedMutex.Faults.History;
using DistributedMutex.Faults.Mutants;
using DistributedMutex.Faults.Nemesis;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.FaultCampaign;

/// <summary>A short run of the fault campaign, and what makes its runs worth something.</summary>
public sealed class CampaignTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Whatever_is_stopped_killed_or_cut_off_no_promise_is_broken()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the clock that all processes share, signals and /proc are those of Linux");
        Assert.SkipUnless(ServerKind.FindRedis() is not null, "redis-server is not on PATH");
        using var campaign = ChildProcess.Start(
            _folder.Path, "dotnet", [Path.Combine(AppContext.BaseDirectory, "DistributedMutex.Faults.dll"), "--setup", "single", "--seconds", "12", "--seed", "1"]);
        Assert.True(await campaign.ExitAsync() == 0, campaign.Said);
        Assert.Matches(@"\n[1-9]\d* operations, [1-9]\d* faults, 0 violations\n$", campaign.Said);
    }

    [Fact]
    public void A_seed_repeats_what_the_nemesis_does_and_another_does_not()
    {
        IReadOnlyList<Fault> faults = [.. FaultKinds.OfWorkers, .. FaultKinds.OfRedis];
        Assert.Equal(Rounds(1), Rounds(1));
        Assert.NotEqual(Rounds(1), Rounds(2));

        IEnumerable<(TimeSpan, string)> Rounds(int seed) => Enumerable.Range(0, 50).Select(number => NemesisRun.Draw(faults, seed, number))
            .Select(round => (round.Quiet, string.Join(' ', round.Processes.Concat(round.Surroundings).Select(blow => $"{blow.Fault.Name} {blow.Seed} {blow.After}"))));
    }

    public static TheoryData<string> Mutants => [.. Mutant.All.Select(mutant => mutant.Name)];

    [Theory]
    [MemberData(nameof(Mutants))]
    public void A_mutant_still_finds_the_place_that_it_breaks(string name)
    {
        var mutant = Mutant.Find(name);
        var text = File.ReadAllText(Path.Combine(Clone.Root, "lib", "DistributedMutex", mutant.File));
        Assert.NotEqual(text, mutant.Break(text));
    }

    [Fact]
    public void What_a_killed_process_wrote_is_read_up_to_its_last_whole_line()
    {
        using (var history = new HistoryWriter(_folder.Path, "w1", RunClock.Start()))
        {
            history.Write("w1/x", $"acquire op=1 lock=a api=lock instance=i wait={0.5} lease={2}");
            history.Write("w1/x", $"acquired op=1");
        }

        File.AppendAllText(_folder.File("w1.history"), "12.5 w1/x rele");
        Assert.Equal(Outcome.Acquired, Assert.Single(RunHistory.Read(_folder.Path).Operations).Outcome);
    }

    [Theory]
    [InlineData("--setup")]
    [InlineData("--speed", "5")]
    public void A_command_line_that_is_wrong_is_told_what_would_be_right(params string[] arguments) =>
        Assert.Contains(CampaignOptions.Usage, Assert.Throws<FormatException>(() => CampaignOptions.Parse(arguments)).Message, StringComparison.Ordinal);
}
