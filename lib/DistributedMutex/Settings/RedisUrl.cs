using System.Text.RegularExpressions;

namespace DistributedMutex.Settings;

/// <summary>A server as one text, which hosting platforms set: redis://user:password@host:port, or rediss:// for TLS.</summary>
internal static partial class RedisUrl
{
    private const string Expected = "redis://user:password@host:port, or rediss:// for TLS, where what has a meaning in a URL is percent-encoded";

    /// <exception cref="FormatException">It is none; the message says what it must be, and holds nothing of it.</exception>
    public static RedisSettings Parse(string text)
    {
        if (!Uri.TryCreate(text.Trim(), UriKind.Absolute, out var url) || url.Scheme is not ("redis" or "rediss") || url.Host.Length == 0 || url.Fragment.Length > 0)
        {
            throw new FormatException(Expected);
        }

        if (url.AbsolutePath is not ("" or "/" or "/0"))
        {
            throw new FormatException("without a database, or with database 0: locks are there");
        }

        var credentials = url.UserInfo.Split(':', 2);
        return new RedisSettings
        {
            Host = url.Host,
            Port = url.Port < 0 ? 6379 : url.Port,
            User = NullIfEmpty(credentials[0]),
            Password = credentials.Length > 1 ? NullIfEmpty(credentials[1]) : null,
            Ssl = url.Scheme == "rediss",
        };
    }

    /// <summary>The address in tcp://address:port, which is how Kubernetes and Docker say it; null if it is none.</summary>
    public static RedisSettings? TryParseLink(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url is { Scheme: "tcp", Port: > 0, UserInfo: "" } ? new RedisSettings { Host = url.Host, Port = url.Port } : null;

    /// <summary>What may be a URL, for a message: before an @ stand user and password.</summary>
    public static string WithoutSecrets(string value) => Secrets().Replace(value, "…@");

    private static string? NullIfEmpty(string part) => part.Length > 0 ? Uri.UnescapeDataString(part) : null;

    [GeneratedRegex(@"(?<=^|://)[^/]*@|(?<=://).*@", RegexOptions.Singleline)]
    private static partial Regex Secrets();
}
