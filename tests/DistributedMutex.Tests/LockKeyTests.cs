using System.Globalization;

namespace DistributedMutex.Tests;

[Quick]
public sealed class LockKeyTests
{
    [Fact]
    public void A_plain_string_is_used_as_it_is() => Assert.Equal("a:{b} %ñ", Name("a:{b} %ñ"));

    [Fact]
    public void An_interpolated_string_is_built_from_its_arguments() =>
        Assert.Equal("tenant:42:resource:orders", Name($"tenant:{42}:resource:{"orders"}"));

    [Theory]
    [InlineData("a:resource:b")]
    [InlineData("x}")]
    [InlineData("{x}")]
    [InlineData("50%3A")]
    [InlineData("a b/ñ")]
    public void No_argument_can_forge_another_name(string tenant)
    {
        Assert.NotEqual(Name("tenant:" + tenant + ":resource:c"), Name($"tenant:{tenant}:resource:{"c"}"));
        Assert.Equal(tenant, Uri.UnescapeDataString(Name($"{tenant}")));
    }

    [Fact]
    public void Numbers_and_dates_are_formatted_the_same_in_every_culture()
    {
        var before = CultureInfo.CurrentCulture;
        var names = new[] { "es-ES", "en-US", "ar-SA" }.Select(culture =>
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
            return Name($"{1.5}:{-1234567}:{new DateTime(2026, 1, 31):yyyy-MM-dd}:{1234.5:N1}");
        }).ToList();
        CultureInfo.CurrentCulture = before;
        Assert.Equal(["1.5:-1234567:2026-01-31:1%2C234.5"], names.Distinct());
    }

    [Fact]
    public void Null_arguments_are_empty_and_braces_in_the_text_stay() => Assert.Equal("{tag}:", Name($"{{tag}}:{(string?)null}"));

    private static string Name(LockKey key) => key.ToString();
}
