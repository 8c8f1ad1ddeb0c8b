using System.Globalization;

namespace DistributedMutex.Settings;

/// <summary>
/// Reads the settings from the environment, then from the nearest .env file, each value from the first that has it. A URL
/// stands for all of them, so nothing of another server is mixed in from behind it.
/// </summary>
internal sealed class SettingsReader
{
    internal const string Url = "REDIS_URL";

    private readonly Lazy<EnvFile?> _file = new(() => EnvFile.Find() is { } path ? EnvFile.Read(path) : null);
    private RedisSettings? _link;

    /// <summary>Whether the environment says which server it is, and not .env or the default.</summary>
    public static bool IsServerNamed => new[] { Url, "REDIS_HOST", "REDIS_PORT" }.Any(name => !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(name)));

    /// <exception cref="FormatException">A value or the file cannot be read; the message says which, and holds no password.</exception>
    public RedisSettings Read()
    {
        // Kubernetes and Docker set REDIS_PORT for a service or link named "redis", to tcp://address:port: not ours, but it tells where it is.
        _link = RedisUrl.TryParseLink(Environment.GetEnvironmentVariable("REDIS_PORT"));
        return new RedisSettings
        {
            Host = Find("REDIS_HOST", ParseHost, url => url.Host) ?? _link?.Host ?? "localhost",
            Port = Find<int?>("REDIS_PORT", ParsePort, url => url.Port) ?? _link?.Port ?? 6379,
            User = Find("REDIS_USER", value => value.Trim(), url => url.User),
            Password = Find("REDIS_PASSWORD", value => value, url => url.Password),
            Ssl = Find<bool?>("REDIS_SSL", ParseSwitch, url => url.Ssl) ?? false,
        };
    }

    private T? Find<T>(string name, Func<string, T> parse, Func<RedisSettings, T> ofUrl)
    {
        if (InEnvironment(name) is { } variable)
        {
            return Parse(name, variable, "the environment", "", parse);
        }

        if (InEnvironment(Url) is { } variableUrl && !string.IsNullOrWhiteSpace(variableUrl))
        {
            return ofUrl(Parse(Url, variableUrl, "the environment", "", RedisUrl.Parse)!);
        }

        if (_file.Value is not { } file)
        {
            return default;
        }

        return file[name] is { } own ? Parse(name, own.Value, file.Path, Line(own.Line), parse)
            : file[Url] is { } url && !string.IsNullOrWhiteSpace(url.Value) ? ofUrl(Parse(Url, url.Value, file.Path, Line(url.Line), RedisUrl.Parse)!)
            : default;
    }

    private string? InEnvironment(string name) => name == "REDIS_PORT" && _link is not null ? null : Environment.GetEnvironmentVariable(name);

    private static string Line(int number) => string.Create(CultureInfo.InvariantCulture, $" (line {number})");

    private static T? Parse<T>(string name, string value, string source, string line, Func<string, T> parse)
    {
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
            throw new FormatException($"{name} is '{RedisUrl.WithoutSecrets(value)}' in {source}: it must be {wrong.Message}{line}.");
        }
    }

    private static string ParseHost(string value) =>
        RedisSettings.ExpectedInsteadOf(value.Trim()) is { } expected ? throw new FormatException(expected) : value.Trim();

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
}
