using System.Globalization;
using DotNetEnv;

namespace DistributedMutex;

/// <summary>Where a Redis server is and how to sign in to it.</summary>
public sealed record RedisSettings
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
            Host = Read("REDIS_HOST", value => value) ?? "localhost",
            Port = Read<int?>("REDIS_PORT", ParsePort) ?? 6379,
            User = Read("REDIS_USER", value => value),
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
                throw new FormatException($"{name} is '{value}' in {source}: it must be {wrong.Message}.");
            }
        }
    }

    /// <summary>The address as host:port, without user and password.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

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
