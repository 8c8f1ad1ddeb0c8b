using System.Runtime.CompilerServices;
using DistributedMutex.Tests.Servers;
using Microsoft.Extensions.Logging;

namespace DistributedMutex.Tests;

public abstract class ScopeTests(ServerFixture server)
{
    private static readonly TimeSpan Lease = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(20);

    [Fact]
    public void A_scope_holds_until_it_is_disposed_and_is_safe_to_dispose_twice()
    {
        var resource = server.NewResource();
        using var mutex = server.NewMutex();
        using var other = server.NewMutex();

        var scope = mutex.Acquire(resource);
        Assert.True(scope.IsHeld);
        Assert.Equal(resource, scope.Resource);
        Assert.InRange(scope.Remaining.TotalSeconds, 25, 30);
        Assert.False(other.Lock(resource, TimeSpan.Zero));

        scope.Dispose();
        Assert.False(scope.IsHeld);
        Assert.Equal(TimeSpan.Zero, scope.Remaining);
        Assert.True(other.Lock(resource, TimeSpan.Zero));
        scope.Dispose();
        Assert.False(other.Lock(resource, TimeSpan.Zero));
        Assert.False(scope.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task A_scope_is_released_by_its_scope_only()
    {
        var resource = server.NewResource();
        using var mutex = server.NewMutex();
        await using var scope = await mutex.AcquireAsync(resource);
        Assert.False(mutex.Unlock(resource));
        Assert.True(scope.IsHeld);
        Assert.True(await scope.ReleaseAsync());
        Assert.False(await scope.ReleaseAsync());
        Assert.False(await scope.ExtendAsync());
    }

    [Fact]
    public async Task Acquire_throws_and_TryAcquire_returns_null_when_the_wait_is_over()
    {
        var resource = server.NewResource();
        using var holder = server.NewMutex();
        using var other = server.NewMutex();
        await using var held = await holder.AcquireAsync(resource);

        var thrown = Assert.Throws<LockAcquisitionException>(() => other.Acquire(resource, Lease, Retry));
        Assert.Equal(resource, thrown.Resource);
        Assert.InRange(thrown.Waited, Lease, TimeSpan.FromSeconds(5));
        Assert.Contains($"'{resource}'", thrown.Message, StringComparison.Ordinal);
        Assert.Contains($"held by {held.Token.Split(':')[0]}", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(held.Token, thrown.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<LockAcquisitionException>(() => other.AcquireAsync(resource, TimeSpan.Zero));
        Assert.Null(await other.TryAcquireAsync(resource, TimeSpan.Zero));
    }

    [Fact]
    public async Task A_scope_renews_itself_past_its_lease()
    {
        // A busy machine may be late; not by as much as this leaves for it.
        var lease = TimeSpan.FromSeconds(1.5);
        var resource = server.NewResource();
        using var mutex = server.NewMutex(new MutexOptions { Lease = lease });
        using var other = server.NewMutex();
        await using var scope = await mutex.AcquireAsync(resource);
        Assert.Null(await other.TryAcquireAsync(resource, 2 * lease, Retry));
        Assert.True(scope.IsHeld);
        Assert.False(scope.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task Without_renewal_a_scope_is_lost_at_its_deadline_before_anybody_else_has_it()
    {
        var resource = server.NewResource();
        using var mutex = server.NewMutex(new MutexOptions { Lease = Lease, Renew = false });
        using var other = server.NewMutex();
        await using var scope = await mutex.AcquireAsync(resource);
        await using var successor = await other.AcquireAsync(resource, TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(1));

        Assert.False(scope.IsHeld);
        await LostAsync(scope);
        Assert.False(await scope.ReleaseAsync());
        Assert.True(successor.IsHeld);
    }

    [Fact]
    public async Task A_scope_whose_key_is_gone_is_lost_at_the_next_renewal()
    {
        var resource = server.NewResource();
        using var mutex = server.NewMutex(new MutexOptions { Lease = TimeSpan.FromSeconds(3) });
        using var foreign = server.NewForeignClient();
        await using var scope = await mutex.AcquireAsync(resource);
        var lost = new TaskCompletionSource();
        using var registration = scope.Lost.Register(lost.SetResult);

        foreign.Database.KeyDelete("lock:" + resource);
        var started = TimeProvider.System.GetTimestamp();
        await lost.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0, 2.5);
        Assert.False(await mutex.IsLockedAsync(resource));
    }

    [Fact]
    public async Task Extend_lengthens_and_never_shortens_and_renewals_keep_to_it()
    {
        var resource = server.NewResource();
        using var mutex = server.NewMutex(new MutexOptions { Lease = TimeSpan.FromSeconds(5) });
        using var foreign = server.NewForeignClient();
        await using var scope = await mutex.AcquireAsync(resource);

        Assert.True(await scope.ExtendAsync(TimeSpan.FromMinutes(1)));
        Assert.InRange(scope.Remaining.TotalSeconds, 50, 60);
        Assert.True(await scope.ExtendAsync(TimeSpan.FromSeconds(1)));
        Assert.InRange(scope.Remaining.TotalSeconds, 50, 60);
        Assert.InRange(foreign.Database.KeyTimeToLive("lock:" + resource)!.Value.TotalSeconds, 50, 60);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => scope.ExtendAsync(TimeSpan.Zero));
    }

    [Fact]
    public async Task Extend_of_a_lost_lock_says_false_fires_Lost_and_does_not_bring_it_back()
    {
        var resource = server.NewResource();
        using var mutex = server.NewMutex();
        using var foreign = server.NewForeignClient();
        await using var scope = await mutex.AcquireAsync(resource);
        foreign.Database.KeyDelete("lock:" + resource);

        Assert.False(await scope.ExtendAsync());
        Assert.True(scope.Lost.IsCancellationRequested);
        Assert.False(await mutex.IsLockedAsync(resource));
    }

    [Fact]
    public async Task MaxHold_ends_key_and_scope_in_spite_of_renewals_and_extensions()
    {
        var resource = server.NewResource();
        var maxHold = 3 * Lease;
        using var mutex = server.NewMutex(new MutexOptions { Lease = Lease, MaxHold = maxHold });
        using var other = server.NewMutex();
        var started = TimeProvider.System.GetTimestamp();
        await using var scope = await mutex.AcquireAsync(resource);
        Assert.True(await scope.ExtendAsync(TimeSpan.FromMinutes(1)));
        Assert.InRange(scope.Remaining, TimeSpan.FromMilliseconds(1), maxHold);

        await using var successor = await other.AcquireAsync(resource, TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(1));
        Assert.False(scope.IsHeld);
        await LostAsync(scope);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), maxHold - TimeSpan.FromMilliseconds(5), maxHold + TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Renewals_stop_when_MaxHold_is_reached()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        using var mutex = new RedisMutex(admin, new MutexOptions { Lease = TimeSpan.FromSeconds(1), MaxHold = TimeSpan.FromSeconds(1.4) });
        await using var scope = await mutex.AcquireAsync("x");
        var before = await ServerFixture.CountCommandsAsync(admin);
        await LostAsync(scope);
        Assert.InRange(await ServerFixture.CountCommandsAsync(admin) - before, 1, 6);
    }

    [Fact]
    public async Task Disposing_the_mutex_fires_Lost_of_its_scopes()
    {
        var mutex = server.NewMutex();
        await using var scope = await mutex.AcquireAsync(server.NewResource());
        await mutex.DisposeAsync();
        Assert.False(scope.IsHeld);
        Assert.True(scope.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task A_logger_that_throws_stops_nothing()
    {
        var resource = server.NewResource();
        using var logging = new ThrowingLoggerFactory();
        await using var mutex = server.NewMutex(new MutexOptions { Lease = Lease, Renew = false, LoggerFactory = logging });
        var scope = await mutex.AcquireAsync(resource);
        await LostAsync(scope);
        Assert.True(await mutex.LockAsync(resource, TimeSpan.FromSeconds(20)));
        Assert.True(logging.Asked);
    }

    [Fact]
    public async Task A_scope_that_is_dropped_without_dispose_stops_renewing()
    {
        var resource = server.NewResource();
        using var mutex = server.NewMutex(new MutexOptions { Lease = Lease });
        using var other = server.NewMutex();
        AcquireAndDrop(mutex, resource);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.True(await other.LockAsync(resource, TimeSpan.FromSeconds(20), Retry));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void AcquireAndDrop(RedisMutex mutex, string resource) => Assert.True(mutex.Acquire(resource).IsHeld);
    }

    [Fact]
    public async Task A_callback_on_Lost_that_blocks_or_throws_stops_neither_renewals_nor_the_process()
    {
        // Long enough for a small machine that has just lost a thread to the callback.
        var lease = TimeSpan.FromSeconds(2);
        var (lost, kept) = (server.NewResource(), server.NewResource());
        using var mutex = server.NewMutex(new MutexOptions { Lease = lease });
        using var foreign = server.NewForeignClient();
        await using var keptScope = await mutex.AcquireAsync(kept);
        await using var lostScope = await mutex.AcquireAsync(lost);
        using var unblock = new ManualResetEventSlim();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lostScope.Lost.Register(() =>
        {
            reached.SetResult();
            unblock.Wait();
            throw new InvalidOperationException("from a callback");
        });

        foreign.Database.KeyDelete("lock:" + lost);
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Null(await mutex.TryAcquireAsync(kept, 2 * lease, Retry));
        Assert.True(keptScope.IsHeld);
        unblock.Set();
    }

    [Fact]
    public async Task Disposing_a_scope_whose_server_is_gone_does_not_throw_but_Release_does()
    {
        using var another = await server.StartAnotherAsync();
        using var mutex = new RedisMutex(ServerFixture.SettingsOf(another));
        var scope = await mutex.AcquireAsync("x");
        var second = await mutex.AcquireAsync("y");
        another.Dispose();

        await Assert.ThrowsAnyAsync<Exception>(() => second.ReleaseAsync());
        Assert.False(second.IsHeld);
        scope.Dispose();
        await second.DisposeAsync();
    }

    private static async Task LostAsync(MutexLock scope)
    {
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = scope.Lost.Register(lost.SetResult);
        await lost.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    private sealed class ThrowingLoggerFactory : ILoggerFactory, ILogger
    {
        public bool Asked { get; private set; }

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel > LogLevel.Debug ? true : throw new InvalidOperationException("from a logger");

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Asked = true;
            throw new InvalidOperationException("from a logger");
        }
    }
}

[Collection(OnRedis.Name)]
public sealed class ScopeOnRedisTests(RedisFixture server) : ScopeTests(server);

[Collection(OnGarnet.Name)]
public sealed class ScopeOnGarnetTests(GarnetFixture server) : ScopeTests(server);
