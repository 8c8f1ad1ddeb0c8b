using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <summary>The reply to acquire: the first fence of a lock that is now the caller's, or what a waiter needs to know.</summary>
/// <param name="FirstFence">The caller's fence if it holds the lock.</param>
/// <param name="HolderLeft">How long the holder has left; null if it has no end.</param>
/// <param name="Holder">The holder's token.</param>
/// <param name="ServerTime">The server's clock.</param>
/// <param name="IsHead">Whether the caller is the next in the queue.</param>
internal readonly record struct AcquireReply(long? FirstFence, TimeSpan? HolderLeft, string? Holder, TimeSpan ServerTime, bool IsHead);

/// <summary>Speaks the Lua scripts: one method, sync and async, for each.</summary>
internal sealed class LockProtocol
{
    private static readonly LuaScript AcquireScript = new("acquire.lua");
    private static readonly LuaScript ReleaseScript = new("release.lua");
    private static readonly LuaScript RenewScript = new("renew.lua");

    private readonly IDatabase _database;
    private bool? _isCluster;

    public LockProtocol(IDatabase database) => _database = database;

    // A shared connection may not be there yet. Not to know is to be careful: the scripts then do not rely on the count of listeners.
    private RedisValue Cluster
    {
        get
        {
            var connection = _database.Multiplexer;
            if (_isCluster is null && connection.IsConnected)
            {
                _isCluster = connection.GetEndPoints().Any(server => connection.GetServer(server).ServerType == ServerType.Cluster);
            }

            return _isCluster == false ? "" : "cluster";
        }
    }

    public AcquireReply Acquire(LockKeys keys, string token, TimeSpan lease, int fences, bool join) =>
        AcquireScript.Evaluate(_database, keys.Waiting, [token, Milliseconds(lease), fences, join ? "join" : "", Cluster], ReadAcquired);

    public Task<AcquireReply> AcquireAsync(LockKeys keys, string token, TimeSpan lease, int fences, bool join) =>
        AcquireScript.EvaluateAsync(_database, keys.Waiting, [token, Milliseconds(lease), fences, join ? "join" : "", Cluster], ReadAcquired);

    public bool Release(LockKeys keys, string token) =>
        ReleaseScript.Evaluate(_database, keys.Waiting, [token, Cluster], ReadBoolean);

    public Task<bool> ReleaseAsync(LockKeys keys, string token) =>
        ReleaseScript.EvaluateAsync(_database, keys.Waiting, [token, Cluster], ReadBoolean);

    /// <summary>Releases, or leaves the queue, without waiting for the reply.</summary>
    public void ReleaseUnasked(LockKeys keys, string token) =>
        ReleaseScript.Send(_database, keys.Waiting, [token, Cluster]);

    public Task<bool> RenewAsync(LockKeys keys, string token, TimeSpan lease, bool claim) =>
        RenewScript.EvaluateAsync(_database, keys.Holding, [token, Milliseconds(lease), claim ? "claim" : "renew"], ReadBoolean);

    private static bool ReadBoolean(RedisResult reply) => (bool)reply;

    private static AcquireReply ReadAcquired(RedisResult reply)
    {
        var parts = (RedisResult[])reply!;
        if (parts.Length == 1)
        {
            return new AcquireReply((long)parts[0], null, null, default, false);
        }

        var left = (long)parts[0];
        return new AcquireReply(
            null, left == -1 ? null : TimeSpan.FromMilliseconds(Math.Max(left, 0)), (string?)parts[1], TimeSpan.FromMilliseconds((long)parts[2]), (long)parts[3] == 1);
    }

    // Redis takes whole milliseconds, and refuses a lease of none.
    private static long Milliseconds(TimeSpan lease) => Math.Max(1, (long)lease.TotalMilliseconds);
}
