namespace DistributedMutex.Tests.Documentation.ReadmeExamples;

public sealed class ScopeExamples(DocumentedServer server) : Example(server)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Acquire_as_a_scope(bool isTaken)
    {
        await using var other = new RedisMutex();
        await using var taken = isTaken ? await other.AcquireAsync("order:42") : null;
        using var mutex = new RedisMutex();

        #region
        try
        {
            using (mutex.Acquire("order:42", wait: TimeSpan.FromSeconds(1)))
            {
                ShipOrder();
            }
        }
        catch (LockAcquisitionException e)
        {
            Console.WriteLine(e.Message);
        }
        #endregion

        Assert.Equal(isTaken, IsLocked("order:42"));
        Assert.StartsWith(isTaken ? "Could not acquire the lock 'order:42' within 1" : "shipped", Assert.Single(Done), StringComparison.Ordinal);
    }

    [Fact]
    public void The_connection_as_a_scope()
    {
        #region
        using (var mutex = new RedisMutex())
        using (mutex.Acquire("order:42"))
        {
            ShipOrder();
        }
        #endregion

        Assert.Equal(["shipped"], Done);
        Assert.False(IsLocked("order:42"));
    }

    [Fact]
    public async Task Async_with_a_cancellation_token()
    {
        var cancellationToken = CancellationToken.None;

        #region
        await using var mutex = new RedisMutex();
        await using (var held = await mutex.AcquireAsync("order:42", cancellationToken: cancellationToken))
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(held.Lost, cancellationToken);
            await ShipOrderAsync(stop.Token);
        }
        #endregion

        Assert.Equal(["shipped"], Done);
        Assert.False(IsLocked("order:42"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Try_once(bool isTaken)
    {
        await using var other = new RedisMutex();
        await using var taken = isTaken ? await other.AcquireAsync("order:42") : null;
        await using var mutex = new RedisMutex();
        await RunAsync();
        Assert.Equal(isTaken ? [] : ["shipped"], Done);

        async Task RunAsync()
        {
            #region
            await using var held = await mutex.TryAcquireAsync("order:42", wait: TimeSpan.Zero);
            if (held is null)
            {
                return; // somebody else is at it
            }

            ShipOrder();
            #endregion
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Extend_by_hand(bool isLost)
    {
        await using var mutex = new RedisMutex(new MutexOptions { Renew = false });
        await RunAsync();
        Assert.Equal(isLost ? [] : ["shipped"], Done);

        async Task RunAsync()
        {
            await using var held = await mutex.AcquireAsync("order:42");
            if (isLost)
            {
                await mutex.Database.KeyDeleteAsync("lock:order:42");
            }

            #region
            if (!await held.ExtendAsync(TimeSpan.FromMinutes(5)))
            {
                return; // the lock is somebody else's by now
            }
            #endregion

            Assert.InRange(held.Remaining.TotalMinutes, 4, 5);
            Assert.InRange((await mutex.Database.KeyTimeToLiveAsync("lock:order:42"))!.Value.TotalMinutes, 4, 5);
            ShipOrder();
        }
    }

    [Fact]
    public async Task A_store_that_checks_the_fence()
    {
        var store = new Store();
        await using var sleeper = new RedisMutex();
        await using var late = await sleeper.AcquireAsync("order:42");
        await sleeper.Database.KeyDeleteAsync("lock:order:42"); // its lease has ended while it slept

        await using var mutex = new RedisMutex();
        await using var held = await mutex.AcquireAsync("order:42");
        Assert.True(store.TryWrite("shipped", held.Fence));
        Assert.False(store.TryWrite("packed", late.Fence));
        Assert.Equal("shipped", store.Text);
    }

    #region
    public sealed class Store
    {
        private readonly Lock _gate = new();
        private long _lastFence;

        public string Text { get; private set; } = "";

        public bool TryWrite(string text, long fence)
        {
            lock (_gate)
            {
                if (fence < _lastFence)
                {
                    return false; // it comes from a holder that has lost the lock
                }

                (Text, _lastFence) = (text, fence);
                return true;
            }
        }
    }
    #endregion
}
