using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;

namespace DistributedMutex;

/// <summary>
/// The name of a resource to lock: a string, or an interpolated string, which names the same resource as its text. Nothing is
/// escaped; arguments are formatted with the invariant culture. A name made of parts that others choose is put together by
/// <see cref="Of"/>.
/// </summary>
/// <remarks>
/// An interpolated string that is put into a variable first is formatted by the compiler's rules, with the culture of the
/// machine: <c>string key = $"{1.5}"</c> is "1,5" in Spain. Make the variable a LockKey, or format such arguments yourself.
/// </remarks>
[InterpolatedStringHandler]
public readonly partial struct LockKey
{
    private readonly string? _name;
    private readonly StringBuilder? _text;
    private readonly StringBuilder.AppendInterpolatedStringHandler _building;

    private LockKey(string? name) => _name = name;

    /// <summary>Called by the compiler for an interpolated string.</summary>
    public LockKey(int literalLength, int formattedCount)
    {
        _text = new StringBuilder(literalLength + (formattedCount * 16));
        _building = new StringBuilder.AppendInterpolatedStringHandler(literalLength, formattedCount, _text, CultureInfo.InvariantCulture);
    }

    /// <summary>A name that is used as it is.</summary>
    public static implicit operator LockKey(string? name) => new(name);

    /// <summary>
    /// The name made of <paramref name="parts"/>, joined by ':'. Each is formatted with the invariant culture and percent-encoded
    /// (RFC 3986), so that different parts make different names, whatever others have put into them:
    /// <c>LockKey.Of("tenant", tenantId, "order", orderId)</c>.
    /// </summary>
    /// <exception cref="ArgumentException">A part is null or blank, or there is none.</exception>
    public static LockKey Of(params ReadOnlySpan<object?> parts)
    {
        if (parts.IsEmpty)
        {
            throw new ArgumentException("A key needs a part at least.", nameof(parts));
        }

        var name = new StringBuilder();
        for (var i = 0; i < parts.Length; i++)
        {
            var part = Convert.ToString(parts[i], CultureInfo.InvariantCulture);
            if (string.IsNullOrWhiteSpace(part))
            {
                throw new ArgumentException($"Part {i + 1} of the key is {(parts[i] is null ? "null" : "blank")}.", nameof(parts));
            }

            name.Append(i == 0 ? "" : ":").Append(Escape(part));
        }

        return new LockKey(name.ToString());
    }

    /// <summary>Called by the compiler for the text between the arguments.</summary>
    public void AppendLiteral(string value) => _building.AppendLiteral(value);

    /// <summary>Called by the compiler for an argument.</summary>
    public void AppendFormatted<T>(T value, string? format = null) => _building.AppendFormatted(value, format);

    /// <summary>Called by the compiler for an argument with an alignment.</summary>
    public void AppendFormatted<T>(T value, int alignment, string? format = null) => _building.AppendFormatted(value, alignment, format);

    /// <summary>Called by the compiler for an argument that is a span.</summary>
    public void AppendFormatted(ReadOnlySpan<char> value, int alignment = 0, string? format = null) => _building.AppendFormatted(value, alignment, format);

    /// <summary>The name.</summary>
    public override string ToString() => _name ?? _text?.ToString() ?? "";

    /// <exception cref="ArgumentException">The name is empty or blank.</exception>
    internal string ToResource(string parameter)
    {
        var resource = ToString();
        ArgumentException.ThrowIfNullOrWhiteSpace(resource, parameter);
        return resource;
    }

    // Halves of surrogate pairs have no encoding: Uri would make the same of all of them.
    private static string Escape(string part) =>
        string.Concat(HalfPair().Split(part).Select((text, i) => i % 2 == 0 ? Uri.EscapeDataString(text) : $"%u{(int)text[0]:X4}"));

    [GeneratedRegex(@"([\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF])")]
    private static partial Regex HalfPair();
}
