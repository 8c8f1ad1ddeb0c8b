using System.Globalization;
using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <summary>The reply to acquire: the fence of a lock that is now the caller's, or the token of whoever holds it.</summary>
internal readonly record struct AcquireReply(long? Fence, string? Holder);

/// <summary>Speaks the Lua scripts: one method, sync and async, for each.</summary>
internal sealed class LockProtocol(IDatabase database)
{
    private static readonly LuaScript AcquireScript = new("acquire.lua");
    private static readonly LuaScript ReleaseScript = new("release.lua");
    private static readonly LuaScript RenewScript = new("renew.lua");

    public AcquireReply Acquire(LockKeys keys, string token, TimeSpan lease) =>
        ReadAcquired(AcquireScript.Evaluate(database, [keys.Lock, keys.Fence], [token, Milliseconds(lease)]));

    public async Task<AcquireReply> AcquireAsync(LockKeys keys, string token, TimeSpan lease) =>
        ReadAcquired(await AcquireScript.EvaluateAsync(database, [keys.Lock, keys.Fence], [token, Milliseconds(lease)]).ConfigureAwait(false));

    public bool Release(LockKeys keys, string token) =>
        (bool)ReleaseScript.Evaluate(database, [keys.Lock], [token]);

    public async Task<bool> ReleaseAsync(LockKeys keys, string token) =>
        (bool)await ReleaseScript.EvaluateAsync(database, [keys.Lock], [token]).ConfigureAwait(false);

    /// <summary>Releases without waiting for the reply.</summary>
    public void ReleaseUnasked(LockKeys keys, string token) =>
        ReleaseScript.Send(database, [keys.Lock], [token]);

    public async Task<bool> RenewAsync(LockKeys keys, string token, TimeSpan lease) =>
        (bool)await RenewScript.EvaluateAsync(database, [keys.Lock], [token, Milliseconds(lease)]).ConfigureAwait(false);

    private static AcquireReply ReadAcquired(RedisResult reply)
    {
        var parts = (RedisResult[])reply!;
        return parts.Length == 1 ? new AcquireReply((long)parts[0], null) : new AcquireReply(null, (string?)parts[1]);
    }

    // Redis takes whole milliseconds, and refuses a lease of none.
    private static long Milliseconds(TimeSpan lease) => Math.Max(1, (long)lease.TotalMilliseconds);
}
