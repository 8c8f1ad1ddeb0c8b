bool SaveSafely(Document document, long fence, string text)
{
    lock (document)
    {
        if (fence < document.Fence)
        {
            return false;
        }

        document.Fence = fence;
        document.Text = text;
        return true;
    }
}

bool SaveInRedis(string key, long fence, string text)
{
    const string CompareAndSet = """
        local seen = redis.call('HGET', KEYS[1], 'fence')
        if seen and tonumber(seen) > tonumber(ARGV[1]) then
            return 0
        end
        redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'text', ARGV[2])
        return 1
        """;
    return RedisCli.Ask("EVAL", CompareAndSet, "1", key, $"{fence}", text) == "1";
}
