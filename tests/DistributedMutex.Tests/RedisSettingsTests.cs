using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests;

[Quick]
[Collection(Alone.Name)]
public sealed class RedisSettingsTests : IDisposable
{
    private static readonly string[] Names = ["REDIS_HOST", "REDIS_PORT", "REDIS_USER", "REDIS_PASSWORD", "REDIS_SSL"];

    private readonly TemporaryFolder _folder = new();
    private readonly string _folderBefore = Directory.GetCurrentDirectory();
    private readonly Dictionary<string, string?> _before = Names.ToDictionary(name => name, Environment.GetEnvironmentVariable);

    public RedisSettingsTests()
    {
        SetEnvironment(Names.ToDictionary(name => name, _ => (string?)null));
        Directory.SetCurrentDirectory(_folder.Path);
    }

    public void Dispose()
    {
        Directory.SetCurrentDirectory(_folderBefore);
        SetEnvironment(_before);
        _folder.Dispose();
    }

    [Fact]
    public void Without_environment_and_file_the_defaults_hold() =>
        Assert.Equal(new RedisSettings { Host = "localhost", Port = 6379, User = null, Password = null, Ssl = false }, RedisSettings.FromEnvironment());

    [Fact]
    public void A_file_wins_over_the_defaults_and_the_environment_over_the_file()
    {
        _folder.Write(".env", "# a comment\nREDIS_HOST=from-file\nREDIS_PORT=7000\nREDIS_USER=me\nREDIS_PASSWORD=\"a b\"\nREDIS_SSL=true\n");
        Assert.Equal(new RedisSettings { Host = "from-file", Port = 7000, User = "me", Password = "a b", Ssl = true }, RedisSettings.FromEnvironment());

        Environment.SetEnvironmentVariable("REDIS_PORT", "7001");
        Assert.Equal(("from-file", 7001), (RedisSettings.FromEnvironment().Host, RedisSettings.FromEnvironment().Port));
    }

    [Fact]
    public void A_half_filled_file_leaves_the_rest_to_the_defaults()
    {
        _folder.Write(".env", "REDIS_HOST=\nREDIS_PORT=\nREDIS_PASSWORD=redis123\n");
        Assert.Equal(new RedisSettings { Password = "redis123" }, RedisSettings.FromEnvironment());
    }

    [Fact]
    public void A_variable_that_is_set_but_empty_hides_the_file_and_means_the_default()
    {
        _folder.Write(".env", "REDIS_HOST=from-file\nREDIS_PASSWORD=redis123\n");
        Environment.SetEnvironmentVariable("REDIS_PASSWORD", "");
        Assert.Equal(new RedisSettings { Host = "from-file" }, RedisSettings.FromEnvironment());
    }

    [Fact]
    public void The_nearest_file_above_the_current_folder_is_read()
    {
        _folder.Write(".env", "REDIS_HOST=far");
        _folder.Write("near/.env", "REDIS_HOST=near");
        _folder.Write("near/a/b/nothing", "");
        Directory.SetCurrentDirectory(_folder.File("near/a/b"));
        Assert.Equal("near", RedisSettings.FromEnvironment().Host);
    }

    [Theory]
    [InlineData("REDIS_PORT", "abc")]
    [InlineData("REDIS_PORT", "0")]
    [InlineData("REDIS_PORT", "65536")]
    [InlineData("REDIS_PORT", "6379.5")]
    [InlineData("REDIS_SSL", "maybe")]
    public void A_bad_value_is_an_error_that_names_it_and_where_it_is(string name, string value)
    {
        _folder.Write(".env", $"REDIS_PASSWORD=secret\n{name}={value}\n");
        var inFile = Assert.Throws<FormatException>(RedisSettings.FromEnvironment).Message;
        Assert.Contains($"{name} is '{value}' in {Path.Combine(Directory.GetCurrentDirectory(), ".env")}: it must be", inFile, StringComparison.Ordinal);

        Environment.SetEnvironmentVariable(name, value);
        var inEnvironment = Assert.Throws<FormatException>(RedisSettings.FromEnvironment).Message;
        Assert.Contains($"{name} is '{value}' in the environment: it must be", inEnvironment, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", inFile + inEnvironment, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_an_error_that_names_it_and_not_the_password()
    {
        _folder.Write(".env", "REDIS_PASSWORD=secret\nthis is no line of a .env file\n");
        var thrown = Assert.Throws<FormatException>(RedisSettings.FromEnvironment);
        Assert.Contains(".env cannot be read", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", thrown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Its_text_is_host_and_port_only() =>
        Assert.Equal("here:1234", new RedisSettings { Host = "here", Port = 1234, User = "me", Password = "secret" }.ToString());

    private static void SetEnvironment(Dictionary<string, string?> variables)
    {
        foreach (var (name, value) in variables)
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }
}
