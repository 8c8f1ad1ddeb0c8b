using DistributedMutex.Protocol;
using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests.Family;

public abstract class ReadWriteTests(ServerFixture server)
{
    private const string Prefix = "rwlock:";

    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Readers_read_together_and_a_writer_writes_alone()
    {
        var resource = server.NewResource();
        await using var one = server.NewReadWriteLock();
        await using var other = server.NewReadWriteLock();

        await using (await one.AcquireReadAsync(resource))
        await using (await other.AcquireReadAsync(resource, TimeSpan.Zero))
        {
            using var third = one.AcquireRead(resource, TimeSpan.Zero);
            Assert.Equal(resource, third.Resource);
            Assert.True(third.IsHeld);
            Assert.Null(await NewFlow(() => other.TryAcquireWriteAsync(resource, TimeSpan.Zero)));
        }

        using (other.AcquireWrite(resource, TimeSpan.Zero))
        {
            Assert.Null(await one.TryAcquireWriteAsync(resource, TimeSpan.Zero));
            Assert.Null(await one.TryAcquireReadAsync(resource, TimeSpan.Zero));
            Assert.Null(await other.TryAcquireReadAsync(resource, TimeSpan.Zero));
        }

        await using var again = await one.AcquireReadAsync(resource, TimeSpan.Zero);
    }

    [Fact]
    public async Task First_come_first_served_and_readers_who_stand_together_go_in_together()
    {
        var resource = server.NewResource();
        await using var one = server.NewReadWriteLock();
        await using var other = server.NewReadWriteLock();
        var held = await NewFlow(() => one.AcquireReadAsync(resource));

        var writing = await QueueAsync(1, () => one.AcquireWriteAsync(resource, Long));
        Assert.Null(await other.TryAcquireReadAsync(resource, TimeSpan.Zero));
        var reading = await QueueAsync(2, () => other.AcquireReadAsync(resource, Long));
        var alsoReading = await QueueAsync(3, () => one.AcquireReadAsync(resource, Long));
        var writingLast = await QueueAsync(4, () => other.AcquireWriteAsync(resource, Long));
        var readingLast = await QueueAsync(5, () => one.AcquireReadAsync(resource, Long));

        await held.DisposeAsync();
        var writer = await writing;
        Assert.False(reading.IsCompleted || alsoReading.IsCompleted || writingLast.IsCompleted || readingLast.IsCompleted);
        await writer.DisposeAsync();
        var readers = await Task.WhenAll(reading, alsoReading).WaitAsync(Long);
        Assert.False(writingLast.IsCompleted || readingLast.IsCompleted);
        await readers[0].DisposeAsync();
        Assert.Null(await other.TryAcquireReadAsync(resource, TimeSpan.Zero));
        await readers[1].DisposeAsync();
        await (await writingLast).DisposeAsync();
        await (await readingLast).DisposeAsync();

        async Task<Task<MutexLock>> QueueAsync(int place, Func<Task<MutexLock>> acquire)
        {
            var acquiring = NewFlow(acquire);
            await ServerFixture.UntilQueuedAsync(one.Database, new LockKeys(resource, Prefix), place);
            return acquiring;
        }
    }

    [Fact]
    public async Task A_reader_that_does_not_renew_ends_by_itself_whatever_the_others_do()
    {
        var resource = server.NewResource();
        await using var living = server.NewReadWriteLock();
        await using var dying = server.NewReadWriteLock(new MutexOptions { Lease = TimeSpan.FromSeconds(2), Renew = false });
        await using var writer = server.NewReadWriteLock();
        var stays = await living.AcquireReadAsync(resource);
        var ends = await dying.AcquireReadAsync(resource);
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = ends.Lost.Register(lost.SetResult);

        // The other has a lease of 30 s and lets go at once: the writer has to wait for the end of the dead one, and no longer.
        var writing = NewFlow(() => writer.AcquireWriteAsync(resource, Long));
        await ServerFixture.UntilQueuedAsync(writer.Database, new LockKeys(resource, Prefix), 1);
        await stays.DisposeAsync();
        await using var written = await writing.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(ends.IsHeld);
        await lost.Task.WaitAsync(Long);
        Assert.False(await ends.ReleaseAsync());
        Assert.True(written.IsHeld);
    }

    [Fact]
    public async Task Readers_and_writers_renew_themselves_past_their_lease()
    {
        var lease = TimeSpan.FromSeconds(1.5);
        var (read, written) = (server.NewResource(), server.NewResource());
        await using var locks = server.NewReadWriteLock(new MutexOptions { Lease = lease });
        await using var other = server.NewReadWriteLock();
        await using var reader = await locks.AcquireReadAsync(read);
        await using var second = await locks.AcquireReadAsync(read);
        await using var writer = await locks.AcquireWriteAsync(written);
        Assert.All(
            await Task.WhenAll(NewFlow(() => other.TryAcquireWriteAsync(read, 2 * lease)), NewFlow(() => other.TryAcquireReadAsync(written, 2 * lease))),
            Assert.Null);
        Assert.True(reader.IsHeld && second.IsHeld && writer.IsHeld);
        Assert.True(await reader.ExtendAsync(Long));
        Assert.InRange(reader.Remaining, Long / 2, Long);
        Assert.InRange(second.Remaining, TimeSpan.FromMilliseconds(1), lease);
    }

    [Fact]
    public async Task Writers_fences_rise_and_a_readers_is_that_of_the_last_writer()
    {
        var resource = server.NewResource();
        await using var locks = server.NewReadWriteLock();
        var before = await FenceAsync(() => locks.AcquireReadAsync(resource));
        var first = await FenceAsync(() => locks.AcquireWriteAsync(resource));
        var read = await FenceAsync(() => locks.AcquireReadAsync(resource));
        Assert.Equal(first, await FenceAsync(() => locks.AcquireReadAsync(resource)));
        var second = await FenceAsync(() => locks.AcquireWriteAsync(resource));
        Assert.Equal(first, read);
        Assert.True(before < first && first < second);

        // As well by a grant as by an answer.
        await using var held = await locks.AcquireWriteAsync(resource);
        var reading = locks.AcquireReadAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(locks.Database, new LockKeys(resource, Prefix), 1);
        await held.DisposeAsync();
        Assert.Equal(held.Fence, (await reading).Fence);

        static async Task<long> FenceAsync(Func<Task<MutexLock>> acquire)
        {
            await using var held = await acquire();
            return held.Fence;
        }
    }

    [Fact]
    public async Task Who_reads_and_asks_to_write_is_refused_at_once_with_the_reason()
    {
        var (resource, another) = (server.NewResource(), server.NewResource());
        await using var locks = server.NewReadWriteLock();
        await using (var reader = await locks.AcquireReadAsync(resource))
        {
            var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => locks.AcquireWriteAsync(resource, Long)).WaitAsync(Long / 6);
            Assert.Contains($"reads '{resource}'", thrown.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<InvalidOperationException>(() => locks.TryAcquireWriteAsync(resource, Long));
            Assert.Throws<InvalidOperationException>(() => locks.AcquireWrite(resource, Long));
            await using var elsewhere = await locks.AcquireWriteAsync(another, TimeSpan.Zero);

            // Somebody else may wait for it.
            Assert.Null(await NewFlow(() => locks.TryAcquireWriteAsync(resource, TimeSpan.Zero)));
        }

        await using var writer = await locks.AcquireWriteAsync(resource, TimeSpan.Zero);
    }

    [Fact]
    public async Task A_writer_that_is_cancelled_lets_in_the_readers_behind_it_at_once()
    {
        var resource = server.NewResource();
        await using var locks = server.NewReadWriteLock();
        await using var held = await NewFlow(() => locks.AcquireReadAsync(resource));
        using var cancel = new CancellationTokenSource();
        var writing = locks.AcquireWriteAsync(resource, Timeout.InfiniteTimeSpan, cancel.Token);
        await ServerFixture.UntilQueuedAsync(locks.Database, new LockKeys(resource, Prefix), 1);
        var reading = locks.AcquireReadAsync(resource, Long);
        await ServerFixture.UntilQueuedAsync(locks.Database, new LockKeys(resource, Prefix), 2);

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        await using var reader = await reading.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(held.IsHeld);
    }

    [Fact]
    public async Task The_exception_names_who_is_in_the_way_without_the_token()
    {
        var resource = server.NewResource();
        await using var locks = server.NewReadWriteLock();
        await using var other = server.NewReadWriteLock();
        await using (var reader = await locks.AcquireReadAsync(resource))
        {
            var thrown = await Assert.ThrowsAsync<LockAcquisitionException>(() => other.AcquireWriteAsync(resource, Short));
            Assert.Equal(resource, thrown.Resource);
            Assert.InRange(thrown.Waited, Short, Long);
            Assert.Contains("held by a reader, " + reader.Token.Split('/')[1].Split(':')[0], thrown.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(reader.Token.Split(':')[1], thrown.Message, StringComparison.Ordinal);
        }

        await using var writer = await locks.AcquireWriteAsync(resource);
        Assert.Contains("held by a writer, ", Assert.Throws<LockAcquisitionException>(() => other.AcquireRead(resource, TimeSpan.Zero)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Never_a_writer_with_anybody_else()
    {
        var resource = server.NewResource();
        var locks = Enumerable.Range(0, 3).Select(_ => server.NewReadWriteLock()).ToList();
        var (readers, writers, most, written) = (0, 0, 0, 0);
        await Task.WhenAll(Enumerable.Range(0, 12).Select(number => Task.Run(async () =>
        {
            for (var i = 0; i < 15; i++)
            {
                if ((number + i) % 4 == 0)
                {
                    await using var held = await locks[number % 3].AcquireWriteAsync(resource, Long);
                    Assert.Equal((1, 0), (Interlocked.Increment(ref writers), Volatile.Read(ref readers)));
                    written++;
                    await Task.Yield();
                    Interlocked.Decrement(ref writers);
                }
                else
                {
                    await using var held = await locks[number % 3].AcquireReadAsync(resource, Long);
                    var together = Interlocked.Increment(ref readers);
                    Assert.Equal(0, Volatile.Read(ref writers));
                    most = Math.Max(most, together);
                    await Task.Delay(1);
                    Interlocked.Decrement(ref readers);
                }
            }
        })));
        Assert.Equal(45, written);
        Assert.True(most > 1);
        locks.ForEach(one => one.Dispose());
    }

    // What one flow reads, another may want to write.
    private static Task<T> NewFlow<T>(Func<Task<T>> call)
    {
        using var _ = ExecutionContext.SuppressFlow();
        return Task.Run(call);
    }
}

[Collection(OnRedis.Name)]
public sealed class ReadWriteOnRedisTests(RedisFixture server) : ReadWriteTests(server);

[Quick]
[Collection(OnGarnet.Name)]
public sealed class ReadWriteOnGarnetTests(GarnetFixture server) : ReadWriteTests(server);
