using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol.Simulation;

/// <summary>A caller that wants the lock, holds it for a while, and gives it back, or does not.</summary>
internal sealed class FakeCaller(World world, FakeProcess process, CallerPlan plan, int number)
{
    public int Number => number;

    public CallerPlan Plan => plan;

    public FakeProcess Process => process;

    public Waiter Waiter { get; private set; } = null!;

    /// <summary>Whether the call that wants the lock is under way.</summary>
    public bool IsWaiting { get; private set; }

    public bool IsDone { get; private set; }

    /// <summary>Whether it has had the lock, but lost it before it was told so.</summary>
    public bool LostOnTheWay { get; set; }

    public TimeSpan Came { get; private set; }

    public Hold? Hold { get; private set; }

    /// <summary>When it got the lock, since the beginning of the run.</summary>
    public TimeSpan? Served { get; private set; }

    public FakeDriver? Driver { get; private set; }

    public async Task RunAsync()
    {
        using var stop = new CancellationTokenSource();
        try
        {
            Note($"wants a {plan.Kind}{(plan.Wait == Timeout.InfiniteTimeSpan ? "" : $", for {plan.Wait.TotalSeconds} s")}");
            if (plan.CancelAfter is { } after)
            {
                process.In(after, () =>
                {
                    if (IsWaiting)
                    {
                        Note("is cancelled");
                        stop.Cancel();
                    }
                });
            }

            Came = world.Now;
            Waiter = new Waiter
            {
                Came = process.Now,
                Wait = plan.Wait,
                Retry = World.Ms(100),
                IsScope = plan.Kind != CallerKind.Lock,
                WantsFence = plan.Kind == CallerKind.Scope,
            };
            do
            {
                Driver = process.Driver();
            }
            while (!Driver.TryEnter(this));
            IsWaiting = true;
            Hold = await Driver.AcquireAsync(this, stop.Token);
            Served = Hold is null ? null : world.Now - TimeSpan.FromHours(1);
            Note(Hold is null ? "does not get it" : $"has it, fence {Hold.Fence}");
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException or IOException or ObjectDisposedException)
        {
            Note($"ends: {e.Message}");
        }

        IsWaiting = false;
        Driver!.Callers.Remove(this);
        if (Hold is not null)
        {
            await HoldAsync(Hold, Driver);
        }

        IsDone = true;
    }

    private async Task HoldAsync(Hold hold, FakeDriver driver)
    {
        if (plan.Kind != CallerKind.Lock)
        {
            driver.Renew(hold, renews: true);
        }

        try
        {
            await process.SleepAsync(plan.Hold / 2);
            if (plan.Extend is { } lease)
            {
                await ExtendAsync(hold, lease, driver);
            }

            await process.SleepAsync(plan.Hold / 2);
            if (plan.Releases)
            {
                Note("releases");
                Note(await driver.ReleaseAsync(hold) ? "has released" : "did not hold it any more");
            }
            else
            {
                Note("forgets it");
                driver.Renew(hold, renews: false);
            }
        }
        catch (Exception e) when (e is TimeoutException or IOException)
        {
            Note($"ends: {e.Message}");
        }
    }

    private async Task ExtendAsync(Hold hold, TimeSpan lease, FakeDriver driver)
    {
        try
        {
            await driver.ExtendAsync(hold, lease);
        }
        catch (Exception e) when (e is TimeoutException or IOException)
        {
            Note($"does not know whether it was extended: {e.Message}");
        }
    }

    private void Note(string what) => world.Note($"{process.Name} c{number}", what);
}
