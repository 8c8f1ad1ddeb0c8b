using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace DistributedMutex.Benchmarks.Locks;

/// <summary>The release that every Redis lock has in common: delete the key if it still holds the owner token.</summary>
internal static class CompareAndDelete
{
    private const string Text = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

#pragma warning disable CA5350 // EVALSHA names a script by its SHA-1; nothing is protected by it.
    public static byte[] Hash { get; } = SHA1.HashData(Encoding.UTF8.GetBytes(Text));
#pragma warning restore CA5350

    /// <summary>Once for each server, so that what is measured is EVALSHA alone.</summary>
    public static Task LoadAsync(IDatabase database) => database.ExecuteAsync("SCRIPT", "LOAD", Text);
}
