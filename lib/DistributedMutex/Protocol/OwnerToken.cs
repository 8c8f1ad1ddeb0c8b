using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace DistributedMutex.Protocol;

/// <summary>What a lock's key holds: <c>machine-process-connection:random</c>, fresh for every acquisition.</summary>
internal static partial class OwnerToken
{
    private const int RandomDigits = 32;

    /// <summary>Names this process, in words that help whoever reads a key or CLIENT LIST. Redis takes no other letters for the name of a client.</summary>
    public static string ProcessName { get; } = $"{string.Concat(Environment.MachineName.Where(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_'))}-{Environment.ProcessId}";

    /// <summary>Names one connection of this process, shared by the instances of the mutex on it.</summary>
    public static string NewClientId() => $"{ProcessName}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";

    /// <summary>How long the tokens of a connection are.</summary>
    public static int LengthOf(string clientId) => clientId.Length + 1 + RandomDigits;

    public static string New(string clientId) => string.Create(LengthOf(clientId), clientId, static (token, clientId) =>
    {
        clientId.CopyTo(token);
        token[clientId.Length] = ':';
        Guid.NewGuid().TryFormat(token[(clientId.Length + 1)..], out _, "N");
    });

    /// <summary>Whether the holder of the token is a client of this library, which wakes those who wait for it.</summary>
    public static bool IsOurs(string? token) => token?.Length > RandomDigits && token[^(RandomDigits + 1)] == ':';

    /// <summary>What stands before it: how the lock is held; null for the mutex, which is held in one way only.</summary>
    public static string? WayOf(string token) => Way().Match(token) is { Success: true } match ? match.Groups["way"].Value : null;

    /// <summary>Who a token belongs to, without giving the token away.</summary>
    public static string Describe(string token)
    {
        if (!IsOurs(token))
        {
            return "a client of another kind";
        }

        var way = WayOf(token);
        var client = token[(way is null ? 0 : way.Length + 1)..^(RandomDigits + 1)];
        return way is null ? client
            : way.StartsWith(LockKind.Permits, StringComparison.Ordinal) ? $"{way[LockKind.Permits.Length..]} others, one of them {client}"
            : way == LockKind.Read.Way ? $"a reader, {client}"
            : $"a writer, {client}";
    }

    // As in queue.lua: the name of a process has a hyphen in it.
    [GeneratedRegex(@"\A(?<way>[A-Za-z0-9]+)/")]
    private static partial Regex Way();
}
