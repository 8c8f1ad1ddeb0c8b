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

async Task<int> WorkInSteps(MutexLock held, TimeSpan lease, IReadOnlyList<Func<Task>> steps)
{
    var done = 0;
    foreach (var step in steps)
    {
        if (!await held.ExtendAsync(lease))
        {
            break;
        }

        await step();
        done++;
    }

    return done;
}
