using DistributedMutex.DistributedLock;
using DistributedMutex.Tests.Servers;
using Medallion.Threading;

namespace DistributedMutex.Tests;

/// <summary>What code that knows only the interfaces of DistributedLock.Core relies on.</summary>
[Collection(OnRedis.Name)]
public sealed class DistributedLockProviderTests(RedisFixture server)
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_lock_that_another_process_holds_is_null_to_TryAcquire_and_a_TimeoutException_to_Acquire()
    {
        using var mutex = server.NewMutex();
        using var other = server.NewMutex();
        var theLock = new RedisMutexLockProvider(mutex).CreateLock(server.NewResource());
        await using var held = await other.AcquireAsync(theLock.Name);

        Assert.Null(theLock.TryAcquire());
        Assert.Null(await theLock.TryAcquireAsync());
        Assert.Contains(theLock.Name, Assert.Throws<TimeoutException>(() => theLock.Acquire(Short)).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<TimeoutException>(() => theLock.AcquireAsync(Short).AsTask());
    }

    [Fact]
    public async Task Acquire_waits_for_longer_than_the_mutex_would()
    {
        using var mutex = server.NewMutex(new MutexOptions { Wait = TimeSpan.Zero });
        using var other = server.NewMutex();
        var theLock = new RedisMutexLockProvider(mutex).CreateLock(server.NewResource());
        var held = await other.AcquireAsync(theLock.Name);

        var waiting = theLock.AcquireAsync().AsTask();
        await Task.Delay(Short);
        Assert.False(waiting.IsCompleted);

        await held.ReleaseAsync();
        await using var handle = await waiting.WaitAsync(Soon);
        Assert.False(handle.HandleLostToken.IsCancellationRequested);
    }

    [Fact]
    public async Task Disposing_a_handle_releases_the_lock_once()
    {
        using var mutex = server.NewMutex();
        var theLock = new RedisMutexLockProvider(mutex).CreateLock(server.NewResource());
        var first = theLock.Acquire();
        first.Dispose();

        await using var second = await theLock.AcquireAsync();
        first.Dispose();
        await first.DisposeAsync();

        Assert.True(await mutex.IsLockedAsync(theLock.Name));
    }

    [Fact]
    public async Task A_handle_tells_that_its_lock_is_lost()
    {
        using var mutex = server.NewMutex(new MutexOptions { Lease = TimeSpan.FromSeconds(1) });
        using var anyone = server.NewForeignClient();
        var theLock = new RedisMutexLockProvider(mutex).CreateLock(server.NewResource());
        await using var handle = await theLock.AcquireAsync();
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.True(handle.HandleLostToken.CanBeCanceled);
        using var told = handle.HandleLostToken.Register(() => lost.TrySetResult());

        await anyone.Database.KeyDeleteAsync("lock:" + theLock.Name);

        await lost.Task.WaitAsync(Soon);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_wait_ends_when_its_caller_cancels_it(bool sync)
    {
        using var mutex = server.NewMutex();
        using var other = server.NewMutex();
        var theLock = new RedisMutexLockProvider(mutex).CreateLock(server.NewResource());
        await using var held = await other.AcquireAsync(theLock.Name);
        using var stop = new CancellationTokenSource(Short);

        var waiting = sync ? Task.Run(() => theLock.Acquire(cancellationToken: stop.Token)) : theLock.AcquireAsync(cancellationToken: stop.Token).AsTask();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Soon));
    }

    [Fact]
    public async Task It_is_the_same_lock_as_that_of_the_mutex()
    {
        using var mutex = server.NewMutex();
        var name = server.NewResource();
        var theLock = new RedisMutexLockProvider(mutex).CreateLock(name);
        Assert.Equal(name, theLock.Name);

        await using var handle = theLock.TryAcquire();
        Assert.NotNull(handle);
        Assert.False(mutex.Lock(name, wait: TimeSpan.Zero));
    }

    [Fact]
    public void What_makes_no_sense_is_refused_by_name()
    {
        using var mutex = server.NewMutex();
        var provider = new RedisMutexLockProvider(mutex);
        Assert.Throws<ArgumentNullException>("mutex", () => new RedisMutexLockProvider(null!));
        Assert.Throws<ArgumentException>("name", () => provider.CreateLock(" "));
        Assert.Throws<ArgumentOutOfRangeException>("timeout", () => provider.CreateLock("a").TryAcquire(TimeSpan.FromSeconds(-5)));
    }
}
