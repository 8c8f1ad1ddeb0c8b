using DistributedMutex.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace DistributedMutex.Tests.Protocol;

/// <summary>How long an instance remembers a resource.</summary>
[Quick]
public sealed class DriversTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Drivers _drivers = new();
    private readonly DriverContext _context;

    public DriversTests() => _context = new DriverContext(
        null!, null!, new LineOptions(LineHarness.Lease, null, () => "mine:1"), LockKeys.DefaultPrefix, _clock, NullLogger.Instance, new CallCounter(), _drivers.MayKeep, _drivers.Forget);

    [Fact]
    public void A_resource_is_remembered_for_its_next_caller_until_the_lease_would_have_ended()
    {
        var driver = LocksAndReleases("a");
        Assert.Same(driver, LocksAndReleases("a"));

        _clock.Advance(LineHarness.Lease);

        Assert.Null(_drivers.Find("a"));
        Assert.NotSame(driver, LocksAndReleases("a"));
    }

    [Fact]
    public void A_resource_that_was_contended_is_as_new_when_it_is_taken_again()
    {
        var (driver, first) = Enters("a");
        var (_, second) = Enters("a");
        Answered(driver, first, taken: true);
        Leaves(driver, second);
        Releases(driver, first);

        var (_, third) = Enters("a");

        Assert.Equal(QuestionKind.Take, driver.Line.Next(third, Hearing.NotYet, driver.Now).Question.Kind);
    }

    [Fact]
    public void A_resource_that_could_not_be_had_is_forgotten()
    {
        var (driver, waiter) = Enters("a");
        Answered(driver, waiter, taken: false);
        Leaves(driver, waiter);

        Assert.Null(_drivers.Find("a"));
    }

    [Fact]
    public void Of_millions_of_names_a_thousand_are_remembered()
    {
        for (var name = 0; name < 3000; name++)
        {
            LocksAndReleases($"{name}");
        }

        Assert.Equal(1000, _drivers.All.Count());
        _clock.Advance(LineHarness.Lease);
        Assert.Empty(_drivers.All);
    }

    private Driver LocksAndReleases(string resource)
    {
        var (driver, waiter) = Enters(resource);
        Answered(driver, waiter, taken: true);
        Releases(driver, waiter);
        return driver;
    }

    private (Driver Driver, Waiter Waiter) Enters(string resource)
    {
        var waiter = new Waiter
        {
            Came = _clock.Now(),
            Wait = TimeSpan.Zero,
            Retry = TimeSpan.FromSeconds(1),
            IsScope = false,
            WantsFence = false,
        };
        return (_drivers.Enter(resource, waiter, _context), waiter);
    }

    private static void Answered(Driver driver, Waiter waiter, bool taken) =>
        driver.Perform(driver.Line.Answered(driver.Line.Next(waiter, Hearing.NotYet, driver.Now).Question, AcquireReply.From(taken), driver.Now));

    private static void Leaves(Driver driver, Waiter waiter) => driver.Perform(driver.Line.Leave(waiter, driver.Now));

    private static void Releases(Driver driver, Waiter waiter)
    {
        Assert.Equal(ReleaseStep.AskRedis, driver.Line.Release(waiter.Hold!, driver.Now, out var effects));
        driver.Perform(effects);
    }
}
