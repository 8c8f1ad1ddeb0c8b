using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace DistributedMutex.Workshop;

/// <summary>Where this assembly was built. Script hosts run a copy of it from elsewhere, so its own location does not tell.</summary>
internal static class Clone
{
    public static string Root { get; } = Metadata("RepositoryRoot");

    public static string WorkshopPath { get; } = Metadata("WorkshopPath");

    /// <summary>A short name of this clone and user, for what its processes share.</summary>
    public static string Id { get; } =
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Environment.UserName}:{Root}")))[..16];

    private static string Metadata(string key) =>
        typeof(Clone).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
