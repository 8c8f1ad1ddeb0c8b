bool TryLock(string key, string token, TimeSpan lease) =>
    RedisCli.Ask($"SET {key} {token} NX PX {lease.TotalMilliseconds:0}") == "OK";

bool Unlock(string key, string token)
{
    const string CompareAndDelete = """
        if redis.call('GET', KEYS[1]) == ARGV[1] then
            return redis.call('DEL', KEYS[1])
        end
        return 0
        """;
    return RedisCli.Ask("EVAL", CompareAndDelete, "1", key, token) == "1";
}
