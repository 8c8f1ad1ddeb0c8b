using System.Diagnostics;
using DistributedMutex.Protocol;
using DistributedMutex.Tests.Servers;
using StackExchange.Redis;

namespace DistributedMutex.Tests.Faults;

/// <summary>What somebody else did to the keys: the lock does not stay with those who are gone, or who only believe that they have it.</summary>
public abstract class UnknownGrantTests(ServerFixture server)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_grant_for_a_caller_that_its_process_does_not_know_is_given_back_at_once()
    {
        var resource = server.NewResource();
        await using var holder = server.NewMutex();
        await using var forgetful = server.NewMutex();
        await using var next = server.NewMutex();
        await using var held = await holder.AcquireAsync(resource);

        // Its connection hears grants, and it once asked with a token that it has forgotten since.
        var elsewhere = server.NewResource();
        Assert.True(await holder.LockAsync(elsewhere));
        Assert.False(await forgetful.LockAsync(elsewhere, TimeSpan.FromMilliseconds(100)));
        await using var mark = await forgetful.AcquireAsync(server.NewResource());
        await holder.Database.SortedSetAddAsync(new LockKeys(resource).Queue, mark.Token[..^1] + "x", 1);
        var waiting = next.AcquireAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 2);

        var released = Stopwatch.GetTimestamp();
        await held.DisposeAsync();
        await using var got = await waiting.WaitAsync(Long);
        Assert.True(Stopwatch.GetElapsedTime(released) < TimeSpan.FromSeconds(2), $"{Stopwatch.GetElapsedTime(released)}");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Callers_of_an_instance_that_believes_it_holds_a_lock_that_was_deleted_get_on_within_a_second_or_so(bool everything)
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await using var mutex = new RedisMutex(ServerFixture.SettingsOf(another));
        await using var held = await mutex.AcquireAsync("x");
        Assert.True(await mutex.LockAsync("y"));
        var waiting = Task.WhenAll(mutex.LockAsync("x", Long), mutex.LockAsync("y", Long));
        await Task.Delay(100);
        if (everything)
        {
            await admin.GetDatabase().ExecuteAsync("FLUSHALL");
        }
        else
        {
            Assert.Equal(2, await admin.GetDatabase().KeyDeleteAsync(["lock:x", "lock:y"]));
        }

        Assert.DoesNotContain(false, await waiting.WaitAsync(TimeSpan.FromSeconds(4)));
        Assert.False(held.IsHeld);
        Assert.True(held.Lost.IsCancellationRequested);
        Assert.Equal(2, await admin.GetDatabase().KeyExistsAsync(["lock:x", "lock:y"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_release_or_renewal_that_finds_the_lock_deleted_wakes_those_who_wait_elsewhere(bool renews)
    {
        var resource = server.NewResource();
        await using var holder = server.NewMutex(new MutexOptions { Lease = TimeSpan.FromSeconds(renews ? 6 : 30) });
        await using var waiter = server.NewMutex();
        await using var held = await holder.AcquireAsync(resource);
        Assert.True(await held.ExtendAsync(TimeSpan.FromMinutes(1)));
        var waiting = waiter.AcquireAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(holder.Database, resource, 1);
        Assert.True(await holder.Database.KeyDeleteAsync("lock:" + resource));
        if (renews)
        {
            Assert.False(await held.ExtendAsync());
        }
        else
        {
            Assert.False(await held.ReleaseAsync());
        }

        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.True(next.Fence > held.Fence);
    }
}

public sealed class UnknownGrantOnRedisTests(OwnRedisFixture server) : UnknownGrantTests(server), IClassFixture<OwnRedisFixture>;

public sealed class UnknownGrantOnGarnetTests(GarnetFixture server) : UnknownGrantTests(server), IClassFixture<GarnetFixture>;
