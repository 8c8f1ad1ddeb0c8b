using DistributedMutex.Protocol;

namespace DistributedMutex.Tests.Protocol.Simulation;

/// <summary>
/// Does what <see cref="Driver"/> does, call for call, on the world's timeline: to be changed with it. So are
/// <see cref="FakeWaiterCalls"/> and <see cref="FakeHolderCalls"/>.
/// </summary>
internal sealed class FakeDriver(World world, FakeProcess process, LineOptions options, Ledger ledger)
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(6.5);

    private TimeSpan _rings = Clock.Never;
    private bool _hasTimer;
    private int _timer;

    public Line Line { get; } = new(options);

    public World World => world;

    public FakeProcess Process => process;

    public LineOptions Options => options;

    public bool IsForgotten { get; private set; }

    /// <summary>Who has come, in that order, and has not left.</summary>
    public List<FakeCaller> Callers { get; } = [];

    public bool TryEnter(FakeCaller caller)
    {
        if (!Line.TryEnter(caller.Waiter))
        {
            return false;
        }

        Callers.Add(caller);
        return true;
    }

    public void Renew(Hold hold, bool renews)
    {
        hold.Renew(renews);
        if (renews)
        {
            Arm();
        }
    }

    public void Hear(string what, string token, long number, TimeSpan serverTime)
    {
        if (what != "grant")
        {
            AskWithin(token, World.Ms(number));
            return;
        }

        LineEffects effects = default;
        if (Seen(process.Now, now => Line.Granted(token, number, serverTime, now, out effects)))
        {
            _ = PerformAsync(effects);
        }
        else
        {
            _ = ReleaseUntilAnsweredAsync(new KeyLease(token));
        }
    }

    public void AskWithin(string? token, TimeSpan time) => _ = PerformAsync(Line.AskWithin(token, time, process.Now));

    /// <summary>The mutex is disposed.</summary>
    public async Task CloseAsync()
    {
        if (Line.Close() is { } held)
        {
            await this.ReleaseAsync(held);
        }
    }

    public LineEffects Leave(FakeCaller caller)
    {
        Callers.Remove(caller);
        return Seen(process.Now, now => Line.Leave(caller.Waiter, now), isInside: true);
    }

    private async Task RenewAsync(KeyLease key, TimeSpan lease, bool claim)
    {
        var sent = process.Now;
        await process.MaySleepAsync();
        var renewing = process.Connection.SendAsync($"{(claim ? "claim" : "renew")} {FakeProcess.Short(key.Token)} for {lease.TotalSeconds} s", redis => redis.Renew(key.Token, lease, claim));
        await process.PassAsync(renewing, process.LocalNow + Clock.Earlier(options.Lease / 3, Limit), CancellationToken.None);
        if (renewing.IsCompletedSuccessfully)
        {
            await PerformAsync(Line.Renewed(key, sent, lease, await renewing));
        }
        else
        {
            Line.NotRenewed(key, process.Now);
            Arm();
        }
    }

    private async Task WatchAsync()
    {
        try
        {
            Line.Handed(await process.Connection.SendAsync("watch", redis => redis.Watch()), process.Now);
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            // The waiters ask for themselves, if later.
        }

        Arm();
    }

    public async Task ReleaseUntilAnsweredAsync(KeyLease key)
    {
        var giveUpAt = Clock.LaterOf(key.LatestEnd, process.Now).Later(Limit);
        for (var pause = World.Ms(20); ; pause = Clock.Earlier(pause * 2, TimeSpan.FromSeconds(1)))
        {
            try
            {
                await process.MaySleepAsync();
                Released(key, await SendReleaseAsync(key));
                return;
            }
            catch (Exception e) when (e is IOException or TimeoutException)
            {
                if (process.Now >= giveUpAt)
                {
                    process.GivenUp.Add(key.Token);
                    process.Mailbox.Remove(key.Token);
                    return;
                }

                await process.SleepAsync(pause);
            }
        }
    }

    public Task<int> SendReleaseAsync(KeyLease key) =>
        process.Connection.SendAsync($"release {FakeProcess.Short(key.Token)}", redis => redis.Release(key.Token));

    public void Released(KeyLease key, int outcome)
    {
        process.Mailbox.Remove(key.Token);
        Line.Handed(outcome == 2, process.Now);
        Arm();
    }

    public async Task PerformAsync(LineEffects effects)
    {
        if (effects != default)
        {
            await process.MaySleepAsync();
        }

        switch (effects.Request)
        {
            case Request.Claim:
                _ = RenewAsync(effects.Key!, effects.Lease, claim: true);
                break;
            case Request.Renew:
                _ = RenewAsync(effects.Key!, effects.Lease, claim: false);
                break;
            case Request.Release:
                _ = ReleaseUntilAnsweredAsync(effects.Key!);
                break;
            case Request.Watch:
                _ = WatchAsync();
                break;
        }

        effects.Wake?.Wake();
        if (effects.Lost is { } lost)
        {
            process.Mailbox.Remove(lost.Key.Token);
            world.Note(process.Name, $"tells the holder with fence {lost.Fence} of {FakeProcess.Short(lost.Key.Token)} that it is lost");
        }

        Arm();
    }

    public void Arm()
    {
        var due = Line.Due;
        if (due == Clock.Never)
        {
            var keep = _rings != Clock.Never;
            if (Line.Rest(keep) && !keep)
            {
                (_hasTimer, IsForgotten) = (false, true);
                _timer++;
                process.Forget(this);
            }
        }
        else if (!_hasTimer || due < _rings)
        {
            (_hasTimer, _rings) = (true, due);
            var timer = ++_timer;
            process.AtLocal(due, () => Ring(timer));
        }
    }

    private void Ring(int timer)
    {
        if (timer == _timer)
        {
            _rings = Clock.Never;
            _ = PerformAsync(Line.Tick(process.Now));
        }
    }

    // Whoever has the lock now has got it by this call.
    public T Seen<T>(TimeSpan now, Func<TimeSpan, T> call, bool isInside = false)
    {
        var result = call(now);
        ledger.Look(this, now, wasGiven: !isInside);
        return result;
    }
}
