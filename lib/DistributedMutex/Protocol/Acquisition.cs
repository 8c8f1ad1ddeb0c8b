using DistributedMutex.Diagnostics;
using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <summary>One caller's way to a lock: ask, wait, ask again, until it is granted or the wait is over.</summary>
internal sealed class Acquisition(LeaseBook book, LockKeys keys, string token, TimeSpan wait, TimeSpan retry)
{
    private readonly long _started = book.Options.TimeProvider.GetTimestamp();

    private string? _holder;

    public TimeSpan Waited => Clock.GetElapsedTime(_started);

    private TimeProvider Clock => book.Options.TimeProvider;

    private bool IsWaitOver => wait != Timeout.InfiniteTimeSpan && Waited >= wait;

    public LockAcquisitionException NotAcquired() =>
        new(keys.Resource, Waited, _holder is null ? null : OwnerToken.Describe(_holder));

    /// <summary>The lease, or null when the wait is over. Whatever else ends it, nothing stays locked for this caller.</summary>
    public Lease? Run(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                stop.ThrowIfCancellationRequested();
                var sent = Clock.GetTimestamp();
                try
                {
                    if (Read(book.Protocol.Acquire(keys, token, book.FirstLease), sent) is { } lease)
                    {
                        return lease;
                    }

                    if (IsWaitOver)
                    {
                        return null;
                    }
                }
                catch (Exception e) when (IsWorthAnotherTry(e))
                {
                    Log.AcquireFailed(book.Logger, e, keys.Resource);
                }

                stop.WaitHandle.WaitOne(UntilNextTry());
            }
        }
        catch
        {
            GiveUp();
            throw;
        }
    }

    /// <inheritdoc cref="Run"/>
    public async Task<Lease?> RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                stop.ThrowIfCancellationRequested();
                var sent = Clock.GetTimestamp();
                try
                {
                    var reply = await book.Protocol.AcquireAsync(keys, token, book.FirstLease)
                        .WaitAsync(book.ReplyTimeout, Clock, stop).ConfigureAwait(false);
                    if (Read(reply, sent) is { } lease)
                    {
                        return lease;
                    }

                    if (IsWaitOver)
                    {
                        return null;
                    }
                }
                catch (Exception e) when (IsWorthAnotherTry(e))
                {
                    Log.AcquireFailed(book.Logger, e, keys.Resource);
                }

                await Task.Delay(UntilNextTry(), Clock, stop).ConfigureAwait(false);
            }
        }
        catch
        {
            GiveUp();
            throw;
        }
    }

    private Lease? Read(AcquireReply reply, long sent)
    {
        _holder = reply.Holder;
        if (reply.Fence is not { } fence)
        {
            return null;
        }

        if (Clock.GetElapsedTime(sent) < book.FirstLease.LessDrift())
        {
            return new Lease(book, keys, token, fence, sent);
        }

        // The reply took so long that the lease can't be relied on any more.
        GiveUp();
        return null;
    }

    // A request whose reply was lost may have been granted: asking again with the same token finds out.
    private bool IsWorthAnotherTry(Exception e) => e is RedisConnectionException or TimeoutException && !IsWaitOver;

    private TimeSpan UntilNextTry()
    {
        var left = wait - Waited;
        return wait == Timeout.InfiniteTimeSpan || retry < left ? retry : left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    // The lock may be ours without our knowing it. The release follows the request on the same connection.
    private void GiveUp()
    {
        try
        {
            book.Protocol.ReleaseUnasked(keys, token);
        }
        catch (Exception e)
        {
            Log.ReleaseFailed(book.Logger, e, keys.Resource);
        }
    }
}
