using DistributedMutex.Diagnostics;
using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <summary>
/// Does for one resource what its <see cref="Line"/> wants done: renews, releases and watches in Redis, wakes, tells, sets the
/// timer. What callers do themselves is in <see cref="WaiterCalls"/> and <see cref="HolderCalls"/>.
/// </summary>
internal sealed class Driver(DriverContext context, string resource) : IRecipient
{
    private readonly Line _line = new(context.Line);
    private ITimer? _timer;
    private TimeSpan _rings = Clock.Never;
    private LockKeys? _keys;

    public string Resource => resource;

    public DriverContext Context => context;

    public Line Line => _line;

    public LockKeys Keys => _keys ??= new LockKeys(resource, context.KeyPrefix);

    public TimeSpan Now => context.Time.Now();

    /// <summary>What Unlock releases.</summary>
    public Hold? Locked => _line.Locked;

    public TimeSpan Remaining(Hold hold) => hold.Remaining(Now);

    /// <summary>A caller comes; false if this driver has been forgotten.</summary>
    public bool TryEnter(Waiter waiter) => _line.TryEnter(waiter);

    /// <summary>Renews from now on.</summary>
    public void Renew(Hold hold)
    {
        hold.Renew(true);
        Arm();
    }

    /// <summary>The mutex is disposed of: ends the waiters, and tells the holder, if there is one, whose hold is to be released.</summary>
    public Hold? Close()
    {
        var held = _line.Close();
        held?.Abandon(context.Logger, resource);
        return held;
    }

    /// <summary>The caller's hold begins, after so long a wait; called once, in the caller's flow.</summary>
    public void BeginHold(Hold hold, TimeSpan waited)
    {
        hold.Telemetry.Begin(context.Logger, resource, context.Kind, hold.Fence, waited, context.Time);
        if (hold.State != HoldState.Held)
        {
            Tell(hold, HoldEnd.Lost, Now);
        }
    }

    public void Granted(string token, long fence, TimeSpan serverTime)
    {
        if (_line.Granted(token, fence, serverTime, Now, out var effects))
        {
            Perform(effects);
        }
        else
        {
            // Whoever had that token waits no more, and the others should not have to wait for its grant to end.
            _ = ReleaseUntilAnsweredAsync(new KeyLease(token));
        }
    }

    public void AskWithin(string? token, TimeSpan time) => Perform(_line.AskWithin(token, time, Now));

    /// <summary>
    /// Releases, or leaves the queue, until Redis does it. A compare-and-delete harms nobody however often it is sent; one that
    /// is not sent again costs the waiters a lease. One that is refused may be allowed before that is over.
    /// </summary>
    public async Task ReleaseUntilAnsweredAsync(KeyLease key)
    {
        var counted = context.Calls.TryEnter();
        var giveUpAt = Clock.LaterOf(key.LatestEnd, Now).Later(context.Limit);
        try
        {
            for (var pause = TimeSpan.FromMilliseconds(20); ; pause = Clock.Earlier(pause * 2, TimeSpan.FromSeconds(1)))
            {
                try
                {
                    Released(key, (int)await context.Protocol.ReleaseAsync(Keys, key.Token).ConfigureAwait(false));
                    return;
                }
                catch (Exception e) when (e is RedisException or TimeoutException && Now < giveUpAt)
                {
                    if (counted && !e.IsPassing())
                    {
                        // Whoever disposes of the mutex does not wait for what may be refused to the end.
                        context.Calls.Leave();
                        counted = false;
                    }

                    context.Mailbox.Heed(e);
                    await Task.Delay(pause, context.Time).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e)
        {
            context.Mailbox.Unregister(key.Token);
            if (!e.IsPassing() && e is not ObjectDisposedException)
            {
                Log.ReleaseFailed(context.Logger, e, resource);
            }
        }
        finally
        {
            if (counted)
            {
                context.Calls.Leave();
            }
        }
    }

    /// <summary>A release was answered.</summary>
    public void Released(KeyLease key, int outcome)
    {
        context.Mailbox.Unregister(key.Token);
        if (outcome == 2)
        {
            (context.WatcherOf?.Invoke(this) ?? this).Handed();
        }

        Arm();
    }

    /// <summary>Another process has been granted the lock.</summary>
    private void Handed()
    {
        _line.Handed(toAnother: true, Now);
        Arm();
    }

    private async Task RenewAsync(KeyLease key, TimeSpan lease, bool claim)
    {
        var sent = Now;
        try
        {
            // A reply that does not come must leave time for another try.
            var renewing = context.Protocol.RenewAsync(Keys, key.Token, lease, claim);
            var isOurs = (bool)await renewing.Within(Clock.Earlier(context.Line.Lease / 3, context.Limit), context.Time, sync: false).ConfigureAwait(false);
            Perform(_line.Renewed(key, sent, lease, isOurs));
        }
        catch (Exception e)
        {
            context.Mailbox.Heed(e);
            Log.RenewalFailed(context.Logger, e, resource);
            _line.NotRenewed(key, Now);
            Arm();
        }
    }

    private async Task WatchAsync()
    {
        try
        {
            _line.Handed((bool)await context.Protocol.WatchAsync(Keys).ConfigureAwait(false), Now);
        }
        catch (Exception e) when (e.IsOfClient())
        {
            // The waiters ask for themselves, if later.
        }

        Arm();
    }

    /// <summary>Does what the line wants done.</summary>
    public void Perform(in LineEffects effects)
    {
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
            context.Mailbox.Unregister(lost.Key.Token);
            lost.Abandon(context.Logger, resource);
            Tell(lost, HoldEnd.Lost, Clock.Earlier(lost.Deadline, Now));
        }

        Arm();
    }

    /// <summary>Tells whoever listens how a hold has ended.</summary>
    public void Tell(Hold hold, HoldEnd how, TimeSpan at) => hold.Telemetry.End(context.Logger, resource, context.Kind, how, at, context.Time);

    /// <summary>Sets the timer for what is due next; one that rings early is set again.</summary>
    public void Arm()
    {
        lock (_line.Gate)
        {
            var due = _line.Due;
            if (due == Clock.Never)
            {
                // Until the timer rings, if it is set, it is ready for the next caller.
                var keep = _rings != Clock.Never && context.MayKeep();
                if (_line.Rest(keep) && !keep)
                {
                    _timer?.Dispose();
                    _timer = null;
                    context.Forget(this);
                }

                return;
            }

            if (_timer is not null && due >= _rings)
            {
                return;
            }

            _rings = due;
            if (_timer is null)
            {
                // The timer must not keep the caller's context: that may refer to the scope, which then would never be dropped.
                using var noContext = ExecutionContext.SuppressFlow();
                _timer = context.Time.CreateTimer(static driver => ((Driver)driver!).Ring(), this, Clock.Until(due, Now), Timeout.InfiniteTimeSpan);
            }
            else
            {
                _timer.Change(Clock.Until(due, Now), Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void Ring()
    {
        lock (_line.Gate)
        {
            _rings = Clock.Never;
        }

        Perform(_line.Tick(Now));
    }
}
