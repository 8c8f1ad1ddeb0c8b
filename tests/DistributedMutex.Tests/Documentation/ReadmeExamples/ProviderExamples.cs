using DistributedMutex.DistributedLock;
using Medallion.Threading;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace DistributedMutex.Tests.Documentation.ReadmeExamples;

public sealed class ProviderExamples(DocumentedServer server) : Example(server)
{
    [Fact]
    public async Task Behind_the_interfaces_of_DistributedLock()
    {
        using var client = new RedisClient();
        var services = new ServiceCollection().AddSingleton<IConnectionMultiplexer>(client.Connection);

        #region
        services.AddSingleton<IDistributedLockProvider>(provider =>
            new RedisMutexLockProvider(new RedisMutex(provider.GetRequiredService<IConnectionMultiplexer>())));
        #endregion

        await using var provider = services.BuildServiceProvider();
        await using (await provider.GetRequiredService<IDistributedLockProvider>().CreateLock("order:42").AcquireAsync())
        {
            Assert.True(IsLocked("order:42"));
        }

        Assert.False(IsLocked("order:42"));
    }
}
