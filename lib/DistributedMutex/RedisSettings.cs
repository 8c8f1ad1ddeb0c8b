using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using DotNetEnv;

namespace DistributedMutex;

/// <summary>Where a Redis server is and how to sign in to it.</summary>
public sealed partial record RedisSettings
{
    /// <summary>The environment variables, and names in the .env file, that <see cref="FromEnvironment"/> reads.</summary>
    internal static readonly IReadOnlyList<string> Variables = ["REDIS_HOST", "REDIS_PORT", "REDIS_USER", "REDIS_PASSWORD", "REDIS_SSL"];

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
    /// Reads REDIS_HOST, REDIS_PORT, REDIS_USER, REDIS_PASSWORD and REDIS_SSL. An environment variable wins over the
    /// nearest .env file (in the current folder or above it), and that over the default; an empty value means the default.
    /// </summary>
    /// <exception cref="FormatException">A value or the .env file cannot be read; the message names it.</exception>
    public static RedisSettings FromEnvironment()
    {
        var file = FindEnvFile();
        var fromFile = file is null ? [] : ReadEnvFile(file);
        return new RedisSettings
        {
            Host = Read("REDIS_HOST", ParseHost) ?? "localhost",
            Port = Read<int?>("REDIS_PORT", ParsePort) ?? 6379,
            User = Read("REDIS_USER", value => value.Trim()),
            Password = Read("REDIS_PASSWORD", value => value),
            Ssl = Read<bool?>("REDIS_SSL", ParseSwitch) ?? false,
        };

        T? Read<T>(string name, Func<string, T> parse)
        {
            var variable = Environment.GetEnvironmentVariable(name);
            var value = variable ?? fromFile.GetValueOrDefault(name);
            if (string.IsNullOrWhiteSpace(value))
            {
                return default;
            }

            try
            {
                return parse(value);
            }
            catch (FormatException wrong)
            {
                var source = variable is null ? file : "the environment";
                throw new FormatException($"{name} is '{WithoutSecrets(value)}' in {source}: it must be {wrong.Message}.");
            }
        }
    }

    /// <summary>The address as host:port, without user and password.</summary>
    public override string ToString()
    {
        var host = WithoutSecrets(Host);
        return string.Create(CultureInfo.InvariantCulture, $"{(IsAddress(host, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : host)}:{Port}");
    }

    /// <summary>What a host must be, if that is none; null if it may be one.</summary>
    internal static string? ExpectedInsteadOf(string host) =>
        IsAddress(host, out _) ? null
        : host.Contains("://", StringComparison.Ordinal) ? "a host name or address, not a URL"
        : host.Contains(',', StringComparison.Ordinal) ? "one host; for several servers, give RedisMutex a connection of your own"
        : host.Contains(':', StringComparison.Ordinal) ? "a host name or address alone: the port goes into REDIS_PORT"
        : host.Length == 0 || host.Any(character => char.IsWhiteSpace(character) || "/@\"'".Contains(character, StringComparison.Ordinal)) ? "a host name or address"
        : null;

    private static bool IsAddress(string host, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(host, out address) && host.AsSpan().ContainsAny('.', ':') && !host.Contains("]:", StringComparison.Ordinal);

    // What stands before an @ in a URL is a user and a password.
    private static string WithoutSecrets(string value) => Secrets().Replace(value, "…@");

    [GeneratedRegex(@"(?<=^|://)[^/]*@|(?<=://).*@", RegexOptions.Singleline)]
    private static partial Regex Secrets();

    private static string ParseHost(string value) =>
        ExpectedInsteadOf(value.Trim()) is { } expected ? throw new FormatException(expected) : value.Trim();

    private static int? ParsePort(string value) =>
        int.TryParse(value, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var port)
        && port is > 0 and <= 65535
            ? port
            : throw new FormatException("a whole number from 1 to 65535");

    private static bool? ParseSwitch(string value) => value.Trim().ToUpperInvariant() switch
    {
        "TRUE" or "1" => true,
        "FALSE" or "0" => false,
        _ => throw new FormatException("true or false"),
    };

    /// <summary>The nearest .env file, in the current folder or above it.</summary>
    internal static string? FindEnvFile()
    {
        for (var folder = new DirectoryInfo(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, Env.DEFAULT_ENVFILENAME);
            if (File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }

    private static Dictionary<string, string> ReadEnvFile(string path)
    {
        try
        {
            // The last of two lines for one name counts, as in a shell.
            return Env.Load(path, Env.NoEnvVars()).GroupBy(pair => pair.Key).ToDictionary(lines => lines.Key, lines => lines.Last().Value);
        }
        catch (Exception e) when (e is not IOException and not UnauthorizedAccessException)
        {
            // The parser's message quotes the file, and with it the password: it is not passed on.
            throw new FormatException($"{path} cannot be read: each line must be NAME=value or start with #.");
        }
    }
}
