using DistributedMutex.Settings;

namespace DistributedMutex.Tests.Servers;

/// <summary>REDIS_TEST_URL: redis://[user:password@]host[:port], a server that the tests may fill and flush.</summary>
internal static class TestUrl
{
    public const string Variable = "REDIS_TEST_URL";

    /// <summary>The server that the variable names; null if it is not set.</summary>
    public static RedisSettings? Read() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } url ? Parse(url) : null;

    public static RedisSettings Parse(string url)
    {
        try
        {
            return RedisUrl.Parse(url) is { Ssl: false } settings ? settings : throw new FormatException("redis://, without TLS");
        }
        catch (FormatException wrong)
        {
            throw new FormatException($"{Variable} must be {wrong.Message}.");
        }
    }
}
