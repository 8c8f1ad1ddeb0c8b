namespace DistributedMutex.Tests.Servers;

/// <summary>REDIS_TEST_URL: redis://[user:password@]host[:port], a server that the tests may fill and flush.</summary>
internal static class TestUrl
{
    public const string Variable = "REDIS_TEST_URL";

    /// <summary>The server that the variable names; null if it is not set.</summary>
    public static RedisSettings? Read() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } url ? Parse(url) : null;

    public static RedisSettings Parse(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != "redis" || uri.Host.Length == 0 || uri.AbsolutePath.Length > 1)
        {
            throw new FormatException($"{Variable} must be redis://[user:password@]host[:port].");
        }

        var credentials = uri.UserInfo.Split(':', 2);
        return new RedisSettings
        {
            Host = uri.Host,
            Port = uri.Port < 0 ? 6379 : uri.Port,
            User = credentials is [{ Length: > 0 } user, _] ? Uri.UnescapeDataString(user) : null,
            Password = credentials is [_, { Length: > 0 } password] ? Uri.UnescapeDataString(password) : null,
        };
    }
}
