using StackExchange.Redis;

namespace DistributedMutex.Tests.Documentation.ReadmeExamples;

public sealed class OptionExamples(DocumentedServer server) : Example(server)
{
    [Fact]
    public async Task A_key_of_parts_that_others_choose()
    {
        var (tenant, order) = ("a:order:7", 42);
        await using var mutex = new RedisMutex();

        #region
        await using var held = await mutex.AcquireAsync(LockKey.Of("tenant", tenant, "order", order));
        #endregion

        Assert.Equal("tenant:a%3Aorder%3A7:order:42", held.Resource);
    }

    [Fact]
    public async Task Options_of_an_instance()
    {
        #region
        await using var mutex = new RedisMutex(new MutexOptions
        {
            Lease = TimeSpan.FromSeconds(10),
            Wait = TimeSpan.FromSeconds(2),
            MaxHold = TimeSpan.FromMinutes(1),
        });
        #endregion

        await using var held = await mutex.AcquireAsync("order:42");
        Assert.InRange(held.Remaining.TotalSeconds, 5, 10);
    }

    [Fact]
    public async Task A_connection_that_the_application_shares()
    {
        var configuration = $"{Settings},password={Settings.Password}";

        #region
        using var connection = await ConnectionMultiplexer.ConnectAsync(configuration);
        await using (var mutex = new RedisMutex(connection))
        {
            await using var held = await mutex.AcquireAsync("order:42");
        }
        #endregion

        Assert.True(connection.IsConnected);
        Assert.False(IsLocked("order:42"));
    }
}
