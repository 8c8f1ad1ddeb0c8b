namespace DistributedMutex.Workshop;

/// <summary>A server program that speaks Redis' protocol, and how to start it privately.</summary>
internal sealed record ServerKind(string Name, string FileName, IReadOnlyList<string> Arguments)
{
    public const string RedisServer = "redis-server";

    public const string GarnetVersion = "2.2.8";

    /// <summary>The oldest Garnet that passes the tests; older ones were not to be had.</summary>
    public static Version OldestGarnet { get; } = new(2, 1, 2);

    /// <summary>What it says when clients may come.</summary>
    public string ReadyText { get; init; } = "Ready to accept connections";

    /// <summary>The dotnet that runs this process, or else the one on PATH.</summary>
    public static string DotnetPath => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>Microsoft's Garnet, which comes as a .NET tool; its Lua scripts are atomic with both flags only.</summary>
    public static ServerKind Garnet { get; } = new(
        $"Garnet {GarnetVersion}",
        DotnetPath,
        ["tool", "exec", "--yes", $"garnet-server@{GarnetVersion}", "--", "--bind", "127.0.0.1", "--lua", "--lua-transaction-mode"]);

    /// <summary>Whether the next start has to download Garnet.</summary>
    public static bool IsGarnetDownloaded
    {
        get
        {
            var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
                ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
            return Directory.Exists(Path.Combine(packages, "garnet-server", GarnetVersion));
        }
    }

    /// <summary>redis-server, if it is on PATH.</summary>
    public static ServerKind? FindRedis()
    {
        var file = OperatingSystem.IsWindows() ? RedisServer + ".exe" : RedisServer;
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, file))
            .FirstOrDefault(File.Exists);
        return path is null
            ? null
            : new ServerKind(RedisServer, path, ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"]);
    }
}
