using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <summary>The reply to a question for the lock: that it is the caller's, or what a waiter needs to know.</summary>
/// <param name="FirstFence">The first of the caller's fences if it holds the lock, 0 if it asked for none; null if somebody else holds it.</param>
/// <param name="HolderLeft">How long the holder has left; null if it has no end, or if the question was <see cref="LockProtocol.TakeAsync"/>.</param>
/// <param name="Holder">The holder's token, if known.</param>
/// <param name="ServerTime">The server's clock.</param>
/// <param name="Rank">How many have to go first; negative if the caller is not queued.</param>
internal readonly record struct AcquireReply(long? FirstFence, TimeSpan? HolderLeft = null, string? Holder = null, TimeSpan ServerTime = default, int Rank = -1)
{
    public static AcquireReply From(bool taken) => new(taken ? 0 : null);

    public static AcquireReply From(RedisResult reply)
    {
        if (reply.Resp2Type != ResultType.Array)
        {
            return new AcquireReply((long)reply);
        }

        var parts = (RedisResult[])reply!;
        // A foreign client may have given it until after the end of our calendar.
        var left = (long)parts[0];
        return new AcquireReply(
            null, left == -1 || left > TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMillisecond ? null : new TimeSpan(Math.Max(left, 0) * TimeSpan.TicksPerMillisecond), (string?)parts[1], TimeSpan.FromMilliseconds((long)parts[2]), (int)parts[3]);
    }
}

/// <summary>Speaks the Lua scripts, one method for each, and the one plain command that takes a free mutex.</summary>
internal sealed class LockProtocol(IDatabase database, LockScripts scripts)
{
    private bool? _isAlone;

    // Where there are several servers, or a proxy, the listener may be at another one than counts. A shared connection may not
    // be there yet, and not to know is to be careful.
    private RedisValue Alone
    {
        get
        {
            var connection = database.Multiplexer;
            if (_isAlone is null && connection.IsConnected)
            {
                var servers = connection.GetServers();
                _isAlone = servers is [{ ServerType: ServerType.Standalone }];
            }

            return _isAlone == true ? "alone" : "";
        }
    }

    /// <summary>Takes a lock that is free, whoever waits for it: the fast way, and the one that every foreign client takes.</summary>
    public Task<bool> TakeAsync(LockKeys keys, string token, TimeSpan lease) =>
        database.StringSetAsync(keys.Lock, token, new TimeSpan(Milliseconds(lease) * TimeSpan.TicksPerMillisecond), When.NotExists);

    public Task<RedisResult> AcquireAsync(LockKeys keys, string token, TimeSpan lease, int fences, bool join) =>
        scripts.Acquire.EvaluateAsync(database, keys.All, [token, Milliseconds(lease), fences, join ? "join" : "", Alone]);

    /// <summary>1: released; 2: and handed to a waiter; 0: not the caller's.</summary>
    public Task<RedisResult> ReleaseAsync(LockKeys keys, string token) =>
        scripts.Release.EvaluateAsync(database, keys.All, [token, Alone]);

    public Task<RedisResult> RenewAsync(LockKeys keys, string token, TimeSpan lease, bool claim) =>
        scripts.Renew.EvaluateAsync(database, [keys.Lock], [token, lease == TimeSpan.Zero ? 0 : Milliseconds(lease), claim ? "claim" : "renew"]);

    public Task<RedisResult> WatchAsync(LockKeys keys) =>
        scripts.Watch.EvaluateAsync(database, keys.All, [Alone]);

    // Redis takes whole milliseconds, and refuses a lease of none.
    private static long Milliseconds(TimeSpan lease) => Math.Max(1, lease.Ticks / TimeSpan.TicksPerMillisecond);
}
