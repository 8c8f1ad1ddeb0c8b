using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <summary>The keys of one resource. The lock itself is always "lock:" and the name, as people and other clients expect it.</summary>
internal sealed record LockKeys(string Resource)
{
    public RedisKey Lock { get; } = "lock:" + Resource;

    public RedisKey Fence { get; } = "{lock:" + Resource + "}:fence";
}
