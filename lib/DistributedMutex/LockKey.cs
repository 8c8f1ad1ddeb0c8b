using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace DistributedMutex;

/// <summary>
/// The name of a resource to lock: a string as it is, or an interpolated string such as <c>$"tenant:{tenantId}:order:{orderId}"</c>
/// whose arguments are formatted with the invariant culture and percent-encoded (RFC 3986), so that no argument can contain
/// a separator and forge another name. Separate arguments with a character that is encoded, such as ':' or '/'.
/// </summary>
[InterpolatedStringHandler]
public readonly struct LockKey
{
    private readonly string? _name;
    private readonly StringBuilder? _building;

    private LockKey(string? name) => _name = name;

    /// <summary>Called by the compiler for an interpolated string.</summary>
    public LockKey(int literalLength, int formattedCount) => _building = new StringBuilder(literalLength + (formattedCount * 16));

    /// <summary>A name that is used as it is.</summary>
    public static implicit operator LockKey(string? name) => new(name);

    /// <summary>Called by the compiler for the text between the arguments.</summary>
    public void AppendLiteral(string value) => _building!.Append(value);

    /// <summary>Called by the compiler for an argument.</summary>
    public void AppendFormatted<T>(T value, string? format = null) =>
        _building!.Append(Uri.EscapeDataString(
            value is IFormattable formattable ? formattable.ToString(format, CultureInfo.InvariantCulture) : value?.ToString() ?? ""));

    /// <summary>The name.</summary>
    public override string ToString() => _name ?? _building?.ToString() ?? "";

    /// <exception cref="ArgumentException">The name is empty or blank.</exception>
    internal string ToResource(string parameter)
    {
        var resource = ToString();
        ArgumentException.ThrowIfNullOrWhiteSpace(resource, parameter);
        return resource;
    }
}
