using System.Globalization;

namespace DistributedMutex.Tests;

[Quick]
public sealed class LockKeyTests
{
    [Fact]
    public void A_plain_string_is_used_as_it_is() => Assert.Equal("a:{b} %ñ", Name("a:{b} %ñ"));

    [Theory]
    [InlineData("orders")]
    [InlineData("ana@example.com")]
    [InlineData("a:resource:b")]
    [InlineData("50% {x} /ñ\n\0")]
    [InlineData("\uD800")]
    public void An_interpolated_string_names_the_same_resource_as_its_text(string text)
    {
        const int number = 42;
        var span = text.AsSpan();
        string variable = $"user:{text}:{number}";
        Assert.Equal(variable, Name($"user:{text}:{number}"));
        Assert.Equal(variable, Name($"user:{span}:{number}"));
        Assert.Equal($"{text,60}|{text,-60}|{number,5:D3}|{{}}", Name($"{text,60}|{span,-60}|{number,5:D3}|{{}}"));
    }

    [Fact]
    public void Numbers_and_dates_are_formatted_the_same_in_every_culture()
    {
        var before = CultureInfo.CurrentCulture;
        var names = new[] { "es-ES", "en-US", "ar-SA", "sv-SE" }.Select(culture =>
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
            return (Name($"{1.5}:{-1234567}:{new DateTime(2026, 1, 31):yyyy-MM-dd}:{1234.5:N1}"), Name(LockKey.Of(1.5, -1234567)));
        }).ToList();
        CultureInfo.CurrentCulture = before;
        Assert.Equal([("1.5:-1234567:2026-01-31:1,234.5", "1.5:-1234567")], names.Distinct());
    }

    [Fact]
    public void Null_arguments_are_empty_as_in_any_text() => Assert.Equal("a:", Name($"a:{(string?)null}"));

    [Fact]
    public void A_key_of_parts_joins_them() => Assert.Equal("tenant:acme:order:42", Name(LockKey.Of("tenant", "acme", "order", 42)));

    [Theory]
    [InlineData("a:resource:b")]
    [InlineData("x}")]
    [InlineData("{x}")]
    [InlineData("50%3A")]
    [InlineData("a b/ñ\n\0🔒")]
    public void No_part_can_forge_another_key(string tenant)
    {
        Assert.NotEqual(Name($"tenant:{tenant}:resource:c"), Name(LockKey.Of("tenant", tenant, "resource", "c")));
        Assert.DoesNotContain(Name(LockKey.Of(tenant)), ":{} \n\0");
        Assert.Equal(tenant, Uri.UnescapeDataString(Name(LockKey.Of(tenant))));
    }

    [Fact]
    public void Different_parts_make_different_keys()
    {
        string[] parts = ["a", ":", "%", "%3A", "a:", ":a", "\uD800", "\uD801", "\uDC00", "\uFFFD", "%uD800", "\uD800\uDC00", "\uDC00\uD800", "uD800", "%25"];
        var keys = parts.SelectMany(one => parts.Select(other => Name(LockKey.Of(one, other)))).ToList();
        Assert.Equal(parts.Length * parts.Length, keys.Distinct().Count());
    }

    [Fact]
    public void A_part_of_a_megabyte_is_escaped_in_no_time()
    {
        var name = Name(LockKey.Of("x", new string('}', 500_000) + new string('\uD800', 500_000)));
        Assert.Equal(2 + (500_000 * 3) + (500_000 * 6), name.Length);
    }

    [Fact]
    public void A_part_that_is_null_or_blank_is_an_error_that_says_which()
    {
        Assert.Contains("Part 2 of the key is null", Assert.Throws<ArgumentException>(() => LockKey.Of("tenant", null)).Message, StringComparison.Ordinal);
        Assert.Contains("Part 1 of the key is blank", Assert.Throws<ArgumentException>(() => LockKey.Of(" ", "x")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => LockKey.Of());
    }

    private static string Name(LockKey key) => key.ToString();
}
