using Microsoft.Extensions.DependencyInjection;

namespace DistributedMutex.Tests.Documentation.ReadmeExamples;

public sealed class ServiceExamples(DocumentedServer server) : Example(server)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task In_a_service(bool isTaken)
    {
        await using var other = new RedisMutex();
        await using var taken = isTaken ? await other.AcquireAsync("order:42") : null;
        var services = new ServiceCollection();

        #region
        services.AddDistributedMutex(options => options.Wait = TimeSpan.FromSeconds(1));
        services.AddHealthChecks().AddDistributedMutex();
        #endregion

        await using var provider = services.AddLogging().BuildServiceProvider();
        var shipping = new Shipping(provider.GetRequiredService<IDistributedMutex>(), new Warehouse(this));
        Assert.Equal(!isTaken, await shipping.ShipAsync(42, CancellationToken.None));
        Assert.Equal(isTaken ? [] : ["shipped"], Done);
        Assert.Equal(isTaken, IsLocked("order:42"));
    }

    #region
    public sealed class Shipping(IDistributedMutex mutex, IWarehouse warehouse)
    {
        public async Task<bool> ShipAsync(int order, CancellationToken cancellationToken)
        {
            await using var held = await mutex.TryAcquireAsync($"order:{order}", cancellationToken: cancellationToken);
            if (held is null)
            {
                return false; // somebody else is at it
            }

            using var stop = CancellationTokenSource.CreateLinkedTokenSource(held.Lost, cancellationToken);
            await warehouse.ShipAsync(order, stop.Token);
            return true;
        }
    }
    #endregion

    public interface IWarehouse
    {
        Task ShipAsync(int order, CancellationToken cancellationToken);
    }

    private sealed class Warehouse(ServiceExamples example) : IWarehouse
    {
        public Task ShipAsync(int order, CancellationToken cancellationToken) => example.ShipOrderAsync(cancellationToken);
    }
}
