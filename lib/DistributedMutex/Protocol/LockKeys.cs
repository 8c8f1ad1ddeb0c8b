using System.Text;
using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <summary>
/// The keys of one resource, all in one Redis Cluster slot. The lock itself is always "lock:" and the name, as people and
/// other clients expect it; the others begin with a hash tag that puts them beside it.
/// </summary>
internal sealed class LockKeys
{
    private const string Prefix = "lock:";

    public LockKeys(string resource)
    {
        Resource = resource;
        var key = Prefix + resource;
        Lock = key;

        // The key itself is the tag, unless it holds a brace that would end it.
        var (tag, rest) = key.Contains('}', StringComparison.Ordinal) ? (FindTag(key), ":" + key) : (key, "");
        Queue = $"{{{tag}}}{rest}:queue";
        Fence = $"{{{tag}}}{rest}:fence";
        All = [Lock, Queue, Fence];
    }

    public string Resource { get; }

    public RedisKey Lock { get; }

    public RedisKey Queue { get; }

    public RedisKey Fence { get; }

    /// <summary>What the scripts are given.</summary>
    public RedisKey[] All { get; }

    /// <summary>Those of the lock whose key is given.</summary>
    public static LockKeys OfKey(string key) => new(key[Prefix.Length..]);

    // The key's own hash tag if it has one, otherwise the first number with the same slot (Redis Cluster specification).
    private static string FindTag(string key)
    {
        var open = key.IndexOf('{', StringComparison.Ordinal);
        var close = open < 0 ? -1 : key.IndexOf('}', open);
        if (close > open + 1)
        {
            return key[(open + 1)..close];
        }

        var slot = Slot(key);
        return Enumerable.Range(0, int.MaxValue).Select(number => $"{number}").First(tag => Slot(tag) == slot);
    }

    // CRC-16/XMODEM, which the framework lacks.
    private static int Slot(string tag)
    {
        var crc = 0;
        foreach (var octet in Encoding.UTF8.GetBytes(tag))
        {
            crc ^= octet << 8;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
            }
        }

        return crc & 0x3FFF;
    }
}
