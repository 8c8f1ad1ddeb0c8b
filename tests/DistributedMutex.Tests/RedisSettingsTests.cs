using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests;

[Quick]
[Collection(Alone.Name)]
public sealed class RedisSettingsTests : IDisposable
{
    private static readonly string[] Names = [.. RedisSettings.Variables];

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
    [InlineData("REDIS_HOST", "localhost:6379")]
    [InlineData("REDIS_HOST", "one,two")]
    public void A_bad_value_is_an_error_that_names_it_and_where_it_is(string name, string value)
    {
        _folder.Write(".env", $"REDIS_PASSWORD=secret\n{name}={value}\n");
        var inFile = Assert.Throws<FormatException>(RedisSettings.FromEnvironment).Message;
        Assert.Contains($"{name} is '{value}' in {EnvPath}: it must be", inFile, StringComparison.Ordinal);
        Assert.EndsWith(" (line 2).", inFile, StringComparison.Ordinal);

        Environment.SetEnvironmentVariable(name, value);
        var inEnvironment = Assert.Throws<FormatException>(RedisSettings.FromEnvironment).Message;
        Assert.Contains($"{name} is '{value}' in the environment: it must be", inEnvironment, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", inFile + inEnvironment, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("this is no line of a .env file", "line 3 must be NAME=value or start with #")]
    [InlineData("REDIS_PASSWORD: secret", "line 3 must be NAME=value or start with #")]
    [InlineData("REDIS_PASSWORD='secret''s'", "line 3 has text after its closing quote")]
    [InlineData("REDIS_PASSWORD=\"secret\nREDIS_HOST=here\n", "line 3 has no closing quote")]
    public void A_file_that_cannot_be_read_is_an_error_that_names_the_line_and_not_the_password(string line, string expected)
    {
        _folder.Write(".env", $"REDIS_PASSWORD=secret\n\n{line}\n");
        var thrown = Assert.Throws<FormatException>(RedisSettings.FromEnvironment);
        Assert.Equal($"{EnvPath} cannot be read: {expected}.", thrown.Message);
        Assert.DoesNotContain("secret", thrown.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("it's", "it's")]
    [InlineData("'it is'", "it is")]
    [InlineData("\"it's\"", "it's")]
    [InlineData("\"a\\\"b\\\\c\\d\"", "a\"b\\c\\d")]
    [InlineData("a\\b", "a\\b")]
    [InlineData("a$b", "a$b")]
    [InlineData("pa$$w0rd", "pa$$w0rd")]
    [InlineData("\"${HOME}\"", "${HOME}")]
    [InlineData("a b  # a comment", "a b")]
    [InlineData("'a' # a comment", "a")]
    [InlineData("a#b", "a#b")]
    [InlineData("# a comment", null)]
    [InlineData("  a=b  ", "a=b")]
    [InlineData("contraseña", "contraseña")]
    [InlineData("\"one\ntwo\"", "one\ntwo")]
    public void A_value_is_what_stands_there(string text, string? value)
    {
        _folder.Write(".env", $"\uFEFF# a comment\r\n\r\nexport REDIS_PASSWORD={text}\r\n  REDIS_HOST = here\r\n");
        Assert.Equal(new RedisSettings { Host = "here", Password = value?.ReplaceLineEndings("\n") }, RedisSettings.FromEnvironment());
    }

    [Fact]
    public void The_last_of_two_lines_for_one_name_counts()
    {
        _folder.Write(".env", "REDIS_HOST=first\nREDIS_HOST=last\n");
        Assert.Equal("last", RedisSettings.FromEnvironment().Host);
    }

    [Fact]
    public void Space_around_a_host_a_port_and_a_user_is_not_meant()
    {
        SetEnvironment(new() { ["REDIS_HOST"] = " here\r", ["REDIS_PORT"] = "7001 ", ["REDIS_USER"] = "me ", ["REDIS_PASSWORD"] = " it counts here " });
        Assert.Equal(new RedisSettings { Host = "here", Port = 7001, User = "me", Password = " it counts here " }, RedisSettings.FromEnvironment());
    }

    [Fact]
    public void The_file_is_not_read_if_the_environment_has_everything()
    {
        _folder.Write(".env", "this is no line of a .env file\n");
        SetEnvironment(new() { ["REDIS_HOST"] = "here", ["REDIS_PORT"] = "", ["REDIS_USER"] = "", ["REDIS_PASSWORD"] = "", ["REDIS_SSL"] = "" });
        Assert.Equal("here", RedisSettings.FromEnvironment().Host);

        SetEnvironment(new() { ["REDIS_HOST"] = null, ["REDIS_PORT"] = null, ["REDIS_USER"] = null, ["REDIS_PASSWORD"] = null, ["REDIS_SSL"] = null, ["REDIS_URL"] = "redis://there" });
        Assert.Equal("there", RedisSettings.FromEnvironment().Host);
    }

    [Theory]
    [InlineData("redis://me:se%40cret@here:7001", "here", 7001, "me", "se@cret", false)]
    [InlineData("rediss://:secret@here:7001/0", "here", 7001, null, "secret", true)]
    [InlineData("redis://here", "here", 6379, null, null, false)]
    [InlineData(" redis://me@[::1]:7001/?protocol=3\n", "[::1]", 7001, "me", null, false)]
    public void A_URL_stands_for_all_and_what_is_behind_it_is_not_mixed_in(string url, string host, int port, string? user, string? password, bool ssl)
    {
        var settings = new RedisSettings { Host = host, Port = port, User = user, Password = password, Ssl = ssl };
        _folder.Write(".env", "REDIS_HOST=from-file\nREDIS_PASSWORD=from-file\nREDIS_USER=from-file\nREDIS_SSL=true\nREDIS_PORT=1\n");
        Environment.SetEnvironmentVariable("REDIS_URL", url);
        Assert.Equal(settings, RedisSettings.FromEnvironment());

        Environment.SetEnvironmentVariable("REDIS_HOST", "beside");
        Assert.Equal(settings with { Host = "beside" }, RedisSettings.FromEnvironment());

        SetEnvironment(new() { ["REDIS_URL"] = null, ["REDIS_HOST"] = null, ["REDIS_PORT"] = "7002" });
        _folder.Write(".env", $"REDIS_URL={url.Trim()}\n");
        Assert.Equal(settings with { Port = 7002 }, RedisSettings.FromEnvironment());
    }

    [Theory]
    [InlineData("http://me:secret@here", "http://…@here", "redis://user:password@host:port, or rediss:// for TLS")]
    [InlineData("redis://:sec#ret@here", "redis://…@here", "redis://user:password@host:port, or rediss:// for TLS")]
    [InlineData("me:secret@here", "…@here", "redis://user:password@host:port, or rediss:// for TLS")]
    [InlineData("redis://:secret@here/3", "redis://…@here/3", "without a database, or with database 0")]
    public void A_URL_that_cannot_be_read_is_an_error_without_its_password(string url, string shown, string expected)
    {
        Environment.SetEnvironmentVariable("REDIS_URL", url);
        var thrown = Assert.Throws<FormatException>(RedisSettings.FromEnvironment);
        Assert.StartsWith($"REDIS_URL is '{shown}' in the environment: it must be {expected}", thrown.Message, StringComparison.Ordinal);

        SetEnvironment(new() { ["REDIS_URL"] = null, ["REDIS_HOST"] = "redis://me:secret@here" });
        Assert.StartsWith("REDIS_HOST is 'redis://…@here' in the environment: it must be a host name or address; a URL goes", Assert.Throws<FormatException>(RedisSettings.FromEnvironment).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_of_Kubernetes_or_Docker_says_where_the_server_is_if_nothing_else_does()
    {
        // What they set for a service or a container that is named "redis".
        Environment.SetEnvironmentVariable("REDIS_PORT", "tcp://10.0.0.1:7003");
        Assert.Equal(new RedisSettings { Host = "10.0.0.1", Port = 7003 }, RedisSettings.FromEnvironment());

        Environment.SetEnvironmentVariable("REDIS_HOST", "redis");
        Assert.Equal(new RedisSettings { Host = "redis", Port = 7003 }, RedisSettings.FromEnvironment());

        _folder.Write(".env", "REDIS_PORT=7004\n");
        Assert.Equal(new RedisSettings { Host = "redis", Port = 7004 }, RedisSettings.FromEnvironment());
    }

    [Fact]
    public void Its_text_is_host_and_port_only() =>
        Assert.Equal("here:1234", new RedisSettings { Host = "here", Port = 1234, User = "me", Password = "secret" }.ToString());

    [Theory]
    [InlineData("::1", "[::1]:1234")]
    [InlineData("[::1]", "[::1]:1234")]
    [InlineData("127.0.0.1", "127.0.0.1:1234")]
    [InlineData("redis://me:secret@here", "redis://…@here:1234")]
    public void Its_text_reads_well_for_an_address_and_has_no_password_of_a_URL(string host, string text) =>
        Assert.Equal(text, new RedisSettings { Host = host, Port = 1234 }.ToString());

    // The folder's name as the system resolves it.
    private static string EnvPath => Path.Combine(Directory.GetCurrentDirectory(), ".env");

    private static void SetEnvironment(Dictionary<string, string?> variables)
    {
        foreach (var (name, value) in variables)
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }
}
