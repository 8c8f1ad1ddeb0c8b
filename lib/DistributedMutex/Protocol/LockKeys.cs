using System.Text;
using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <summary>
/// The keys of one resource, all in one Redis Cluster slot. The lock itself is the prefix and the name, "lock:" unless the
/// options say otherwise, as people and other clients expect it; the others are put beside it by a hash tag. They never begin
/// as the prefix does, so that no name of a resource is the queue of another.
/// </summary>
internal sealed class LockKeys
{
    public const string DefaultPrefix = "lock:";

    private const int Slots = 16384;

    private static readonly int[] Remainders = [.. Enumerable.Range(0, 256).Select(Remainder)];

    // Looked for once, for all: a name with a brace in it must not cost more than another.
    private static readonly Lazy<int[]> Numbers = new(FirstNumbers);

    public LockKeys(string resource, string prefix = DefaultPrefix)
    {
        var key = prefix + resource;
        Lock = key;
        if (key.StartsWith('{'))
        {
            // A prefix that begins with a brace begins with a whole hash tag: MutexOptions sees to it.
            (Queue, Fence) = ("queue:" + key, "fence:" + key);
        }
        else
        {
            // The key itself is the tag, unless it holds a brace that would end it.
            var (tag, rest) = key.Contains('}', StringComparison.Ordinal) ? (FindTag(key), ":" + key) : (key, "");
            (Queue, Fence) = ($"{{{tag}}}{rest}:queue", $"{{{tag}}}{rest}:fence");
        }

        All = [Lock, Queue, Fence];
    }

    public RedisKey Lock { get; }

    public RedisKey Queue { get; }

    public RedisKey Fence { get; }

    /// <summary>What the scripts are given.</summary>
    public RedisKey[] All { get; }

    /// <summary>Those of the lock whose key is given.</summary>
    public static LockKeys OfKey(string key) => new(key, prefix: "");

    /// <summary>The hash tag that a key has of its own, if any: by it, not by the whole key, its slot is found (Redis Cluster specification).</summary>
    public static string? OwnTag(string key)
    {
        var open = key.IndexOf('{', StringComparison.Ordinal);
        var close = open < 0 ? -1 : key.IndexOf('}', open);
        return close > open + 1 ? key[(open + 1)..close] : null;
    }

    // The key's own hash tag if it has one, otherwise the first number with the same slot.
    private static string FindTag(string key) => OwnTag(key) ?? $"{Numbers.Value[Slot(key)]}";

    private static int[] FirstNumbers()
    {
        var numbers = new int[Slots];
        Array.Fill(numbers, -1);
        for (int number = 0, found = 0; found < Slots; number++)
        {
            ref var first = ref numbers[Slot($"{number}")];
            (first, found) = first < 0 ? (number, found + 1) : (first, found);
        }

        return numbers;
    }

    // CRC-16/XMODEM, which the framework lacks.
    private static int Slot(string tag)
    {
        var crc = 0;
        foreach (var octet in Encoding.UTF8.GetBytes(tag))
        {
            crc = ((crc << 8) & 0xFFFF) ^ Remainders[(crc >> 8) ^ octet];
        }

        return crc % Slots;
    }

    private static int Remainder(int octet)
    {
        var crc = octet << 8;
        for (var bit = 0; bit < 8; bit++)
        {
            crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
        }

        return crc & 0xFFFF;
    }
}
