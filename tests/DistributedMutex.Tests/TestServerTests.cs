using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests;

/// <summary>Which server the tests themselves run on.</summary>
[Collection(OnRedis.Name)]
public sealed class TestServerTests(RedisFixture server)
{
    [Fact]
    public void The_tests_on_Redis_run_on_the_image_of_the_lessons()
    {
        Assert.SkipWhen(server.NoContainer is not null, server.NoContainer ?? "");
        using var client = server.NewForeignClient();
        Assert.Equal(7, client.Connection.GetServer(client.Connection.GetEndPoints()[0]).Version.Major);
    }

    [Theory]
    [InlineData("redis://here", "here", 6379, null, null)]
    [InlineData("redis://here:7000/", "here", 7000, null, null)]
    [InlineData("redis://:secret@here", "here", 6379, null, "secret")]
    [InlineData("redis://me:a%3Ab%40c@here:7000", "here", 7000, "me", "a:b@c")]
    public void REDIS_TEST_URL_names_a_server(string url, string host, int port, string? user, string? password) =>
        Assert.Equal(new RedisSettings { Host = host, Port = port, User = user, Password = password }, TestUrl.Parse(url));

    [Theory]
    [InlineData("here:7000")]
    [InlineData("rediss://:secret@here")]
    [InlineData("redis://:secret@here/1")]
    public void Any_other_URL_is_an_error_that_does_not_show_the_password(string url) =>
        Assert.DoesNotContain("secret", Assert.Throws<FormatException>(() => TestUrl.Parse(url)).ToString(), StringComparison.Ordinal);
}
