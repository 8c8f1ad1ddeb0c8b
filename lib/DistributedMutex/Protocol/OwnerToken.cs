using System.Security.Cryptography;

namespace DistributedMutex.Protocol;

/// <summary>What a lock's key holds: <c>machine-process-connection:random</c>, fresh for every acquisition.</summary>
internal static class OwnerToken
{
    private const int RandomDigits = 32;

    /// <summary>Names this process, in words that help whoever reads a key or CLIENT LIST.</summary>
    public static string ProcessName { get; } = $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>Names one connection of this process, shared by the instances of the mutex on it.</summary>
    public static string NewClientId() => $"{ProcessName}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";

    public static string New(string clientId) => string.Create(clientId.Length + 1 + RandomDigits, clientId, static (token, clientId) =>
    {
        clientId.CopyTo(token);
        token[clientId.Length] = ':';
        Guid.NewGuid().TryFormat(token[(clientId.Length + 1)..], out _, "N");
    });

    /// <summary>Whether the holder of the token is a client of this library, which wakes those who wait for it.</summary>
    public static bool IsOurs(string? token) => token?.Length > RandomDigits && token[^(RandomDigits + 1)] == ':';

    /// <summary>Who a token belongs to, without giving the token away.</summary>
    public static string Describe(string token) =>
        IsOurs(token) ? token[..^(RandomDigits + 1)] : "a client of another kind";
}
