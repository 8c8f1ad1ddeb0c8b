using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DistributedMutex.Settings;

namespace DistributedMutex;

/// <summary>Where a Redis server is and how to sign in to it.</summary>
public sealed record RedisSettings
{
    /// <summary>The environment variables, and names in the .env file, that <see cref="FromEnvironment"/> reads.</summary>
    internal static readonly IReadOnlyList<string> Variables = [SettingsReader.Url, "REDIS_HOST", "REDIS_PORT", "REDIS_USER", "REDIS_PASSWORD", "REDIS_SSL"];

    /// <summary>Host name or address; "localhost" by default (REDIS_HOST).</summary>
    public string Host { get; init; } = "localhost";

    /// <summary>TCP port; 6379 by default (REDIS_PORT).</summary>
    public int Port { get; init; } = 6379;

    /// <summary>ACL user name; none by default, which is Redis' user "default" (REDIS_USER).</summary>
    public string? User { get; init; }

    /// <summary>Password; none by default (REDIS_PASSWORD). No message or log of this library shows it.</summary>
    public string? Password { get; init; }

    /// <summary>Whether to connect with TLS; false by default (REDIS_SSL: true, false, 1 or 0).</summary>
    public bool Ssl { get; init; }

    /// <summary>
    /// Reads REDIS_HOST, REDIS_PORT, REDIS_USER, REDIS_PASSWORD and REDIS_SSL, or REDIS_URL, which stands for those of the
    /// five that are not set beside it. An environment variable wins over the nearest .env file (in the current folder or
    /// above it), and that over the default; an empty value means the default.
    /// </summary>
    /// <exception cref="FormatException">A value or the .env file cannot be read; the message names it and the line.</exception>
    public static RedisSettings FromEnvironment() => new SettingsReader().Read();

    /// <summary>The address as host:port, without user and password.</summary>
    public override string ToString()
    {
        var host = RedisUrl.WithoutSecrets(Host);
        return string.Create(CultureInfo.InvariantCulture, $"{(IsAddress(host, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : host)}:{Port}");
    }

    /// <summary>What a host must be, if that is none; null if it may be one.</summary>
    internal static string? ExpectedInsteadOf(string host) =>
        IsAddress(host, out _) ? null
        : host.Contains("://", StringComparison.Ordinal) ? "a host name or address; a URL goes into REDIS_URL"
        : host.Contains(',', StringComparison.Ordinal) ? "one host; for several servers, give RedisMutex a connection of your own"
        : host.Contains(':', StringComparison.Ordinal) ? "a host name or address alone: the port goes into REDIS_PORT"
        : host.Length == 0 || host.Any(character => char.IsWhiteSpace(character) || "/@\"'".Contains(character, StringComparison.Ordinal)) ? "a host name or address"
        : null;

    // An IPv6 address may be in brackets; a number alone is no address to us, though the framework takes it for one.
    private static bool IsAddress(string host, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(host, out address) && host.AsSpan().ContainsAny('.', ':') && !host.Contains("]:", StringComparison.Ordinal);
}
