using System.Diagnostics;
using System.Runtime.CompilerServices;
using DistributedMutex.Protocol;
using DistributedMutex.Tests.Servers;

namespace DistributedMutex.Tests.Diagnostics;

// Alone: who listens does so for the whole process, and other tests count what it allocates.
public abstract class SpanTests(ServerFixture server) : IDisposable
{
    private static readonly TimeSpan ShortLease = TimeSpan.FromMilliseconds(300);

    private readonly SpanRecorder _spans = new();

    public void Dispose()
    {
        _spans.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Lock_and_Acquire_tell_of_a_wait_and_a_hold_on_the_callers_thread_and_leave_its_activity_alone()
    {
        var (locked, scoped) = (server.NewResource(), server.NewResource());
        using var mutex = server.NewMutex();
        OnThread("the caller's", () =>
        {
            SpanRecorder.Caller.Value = "caller";
            using var request = new Activity("request").Start();
            Assert.True(mutex.Lock(locked));
            Assert.Same(request, Activity.Current);
            Assert.True(mutex.Unlock(locked));
            Assert.Same(request, Activity.Current);
            using (mutex.Acquire(scoped))
            {
                Assert.Same(request, Activity.Current);
            }

            Assert.Same(request, Activity.Current);
            foreach (var resource in new[] { locked, scoped })
            {
                AssertOnePair(resource, request);
                Assert.All([_spans.Waits(resource)[0], _spans.Holds(resource)[0]], span => Assert.Equal("the caller's", span.Thread));
            }
        });
    }

    [Fact]
    public async Task The_async_calls_tell_of_a_wait_and_a_hold_in_the_callers_flow_and_leave_its_activity_alone()
    {
        var (locked, scoped, tried) = (server.NewResource(), server.NewResource(), server.NewResource());
        await using var mutex = server.NewMutex();
        SpanRecorder.Caller.Value = "caller";
        using var request = new Activity("request").Start();

        var locking = mutex.LockAsync(locked);
        Assert.Single(_spans.Waits(locked));
        Assert.Same(request, Activity.Current);
        Assert.True(await locking);
        Assert.Same(request, Activity.Current);
        Assert.Equal(0, Assert.Single(_spans.Holds(locked)).Ends);
        Assert.True(await mutex.UnlockAsync(locked));
        Assert.Same(request, Activity.Current);

        await using (var scope = await mutex.AcquireAsync(scoped))
        {
            Assert.Equal(scope.Fence, Assert.Single(_spans.Holds(scoped)).Fence);
            Assert.Same(request, Activity.Current);
        }

        Assert.True(await (await mutex.TryAcquireAsync(tried))!.ReleaseAsync());
        Assert.Same(request, Activity.Current);
        Assert.All([locked, scoped, tried], resource => AssertOnePair(resource, request));
    }

    [Fact]
    public void An_activity_that_has_ended_or_a_suppressed_flow_is_left_as_it_was()
    {
        var resource = server.NewResource();
        using var mutex = server.NewMutex();
        OnThread("with an ended activity", () =>
        {
            // As in what a request leaves running behind it. An ended activity cannot be made current again.
            var ended = new Activity("request").Start();
            Task.Run(ended.Stop).Wait();
            using (mutex.Acquire(resource))
            {
                Assert.Same(ended, Activity.Current);
            }

            Assert.Same(ended, Activity.Current);
        });
        OnThread("without flow", () =>
        {
            using var request = new Activity("request").Start();
            using var noFlow = ExecutionContext.SuppressFlow();
            using (mutex.Acquire(resource))
            {
                Assert.Same(request, Activity.Current);
            }

            Assert.Same(request, Activity.Current);
        });
        Assert.Equal(2, _spans.Holds(resource).Count(span => span.Ends == 1));
    }

    [Fact]
    public async Task A_wait_says_how_it_ended()
    {
        var resource = server.NewResource();
        await using var holder = server.NewMutex();
        await using var held = await holder.AcquireAsync(resource);
        var mutex = server.NewMutex();

        Assert.Null(await mutex.TryAcquireAsync(resource, TimeSpan.Zero));
        Assert.Throws<LockAcquisitionException>(() => mutex.Acquire(resource, TimeSpan.Zero));
        using (var stop = new CancellationTokenSource())
        {
            var waiting = mutex.LockAsync(resource, Timeout.InfiniteTimeSpan, cancellationToken: stop.Token);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        }

        var ended = mutex.LockAsync(resource, Timeout.InfiniteTimeSpan);
        await mutex.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ended);

        var waits = _spans.Waits(resource);
        Assert.Equal(["acquired", "timed_out", "timed_out", "cancelled", "failed"], waits.Select(span => span.Outcome));
        Assert.All(waits, span => Assert.Equal(span.Outcome == "failed" ? ActivityStatusCode.Error : ActivityStatusCode.Unset, span.Status));
        Assert.All(waits, span => Assert.Equal(1, span.Ends));
        Assert.Single(_spans.Holds(resource));
    }

    [Fact]
    public async Task A_hold_ends_as_lost_with_the_lease_the_key_or_the_handle()
    {
        var (expired, stolen, found, dropped) = (server.NewResource(), server.NewResource(), server.NewResource(), server.NewResource());
        using var foreign = server.NewForeignClient();
        await using var mutex = server.NewMutex(new MutexOptions { Lease = ShortLease });
        Assert.True(mutex.Lock(expired));

        await using var scope = await mutex.AcquireAsync(stolen);
        await foreign.Database.KeyDeleteAsync(new LockKeys(stolen).Lock);
        await using var late = await server.NewMutex().AcquireAsync(found);
        await foreign.Database.KeyDeleteAsync(new LockKeys(found).Lock);
        Assert.False(await late.ReleaseAsync());
        AcquireAndDrop(mutex, dropped);
        foreach (var resource in new[] { expired, stolen, found, dropped })
        {
            var hold = Assert.Single(_spans.Holds(resource));
            while (!hold.Ended.IsCompleted && resource == dropped)
            {
                GC.Collect();
                await Task.WhenAny(hold.Ended, Task.Delay(20));
            }

            await hold.Ended;
            Assert.Equal("lost", hold.Outcome);
            Assert.Equal(ActivityStatusCode.Error, hold.Status);
        }

        Assert.False(await scope.ReleaseAsync());
        mutex.Unlock(expired);
        Assert.All([expired, stolen, found, dropped], resource => Assert.Equal(1, _spans.Holds(resource)[0].Ends));
    }

    [Fact]
    public async Task A_hold_ends_with_the_mutex()
    {
        var (locked, scoped) = (server.NewResource(), server.NewResource());
        var mutex = server.NewMutex();
        Assert.True(mutex.Lock(locked));
        await using var scope = await mutex.AcquireAsync(scoped);
        await mutex.DisposeAsync();
        await scope.DisposeAsync();
        Assert.All([locked, scoped], resource =>
        {
            var hold = Assert.Single(_spans.Holds(resource));
            Assert.Equal(("released", 1), (hold.Outcome, hold.Ends));
        });
    }

    [Fact]
    public async Task A_hold_that_cannot_be_released_has_ended_all_the_same()
    {
        var resource = server.NewResource();
        using var another = await server.StartAnotherAsync();
        var mutex = new RedisMutex(ServerFixture.SettingsOf(another));
        var scope = await mutex.AcquireAsync(resource);
        another.Dispose();
        await scope.DisposeAsync();
        var hold = Assert.Single(_spans.Holds(resource));
        Assert.Equal(("lost", ActivityStatusCode.Error, 1), (hold.Outcome, hold.Status, hold.Ends));
        await mutex.DisposeAsync();
        Assert.Equal(1, hold.Ends);
    }

    [Fact]
    public async Task Who_holds_one_after_the_other_is_never_shown_at_the_same_time_and_who_was_not_given_the_lock_not_at_all()
    {
        var resource = server.NewResource();
        var mutexes = new[] { server.NewMutex(), server.NewMutex() };
        await Task.WhenAll(Enumerable.Range(0, 60).Select(number => Task.Run(async () =>
        {
            using var stop = new CancellationTokenSource(number % 3 == 0 ? TimeSpan.FromMilliseconds(number) : TimeSpan.FromMinutes(1));
            try
            {
                await using var scope = await mutexes[number % 2].AcquireAsync(resource, TimeSpan.FromMinutes(1), cancellationToken: stop.Token);
                await Task.Yield();
            }
            catch (OperationCanceledException)
            {
                // Given up, maybe while being granted.
            }
        })));

        var holds = _spans.Holds(resource);
        Assert.InRange(holds.Count, 40, 60);
        Assert.Equal(_spans.Waits(resource).Count(span => span.Outcome == "acquired"), holds.Count);
        Assert.All(holds, span => Assert.Equal(("released", 1), (span.Outcome, span.Ends)));
        var inOrder = holds.OrderBy(span => span.Fence).ToList();
        Assert.All(inOrder.Zip(inOrder.Skip(1)), pair => Assert.True(pair.First.End <= pair.Second.Start, $"{pair.First.End:O} > {pair.Second.Start:O}"));
        Assert.All(mutexes, mutex => mutex.Dispose());
    }

    [Fact]
    public async Task A_listener_that_throws_leaves_no_lock_held()
    {
        var resource = server.NewResource();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "DistributedMutex",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = _ => throw new InvalidOperationException("started"),
            ActivityStopped = _ => throw new InvalidOperationException("stopped"),
        };
        ActivitySource.AddActivityListener(listener);
        await using var mutex = server.NewMutex();
        for (var i = 0; i < 3; i++)
        {
            Assert.True(mutex.Lock(resource, TimeSpan.Zero));
            Assert.True(mutex.Unlock(resource));
            await using var scope = await mutex.AcquireAsync(resource, TimeSpan.Zero);
        }
    }

    private void AssertOnePair(string resource, Activity request)
    {
        var (wait, hold) = (Assert.Single(_spans.Waits(resource)), Assert.Single(_spans.Holds(resource)));
        Assert.All([wait, hold], span =>
        {
            Assert.Same(request, span.Parent);
            Assert.Equal("caller", span.Caller);
            Assert.Equal(1, span.Ends);
            Assert.Equal(ActivityStatusCode.Unset, span.Status);
        });
        Assert.Equal("acquired", wait.Outcome);
        Assert.Equal("released", hold.Outcome);
        Assert.Null(wait.Fence);
        Assert.True(wait.End <= hold.Start);
    }

    // An assertion that fails must fail the test, not end the process.
    private static void OnThread(string name, Action body)
    {
        Exception? failed = null;
        var thread = new Thread(() => failed = Record.Exception(body)) { Name = name };
        thread.Start();
        thread.Join();
        Assert.Null(failed);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AcquireAndDrop(RedisMutex mutex, string resource) => mutex.Acquire(resource);
}

[Collection(Alone.Name)]
public sealed class SpansOnRedisTests(RedisFixture server) : SpanTests(server), IClassFixture<RedisFixture>;

[Collection(Alone.Name)]
public sealed class SpansOnGarnetTests(GarnetFixture server) : SpanTests(server), IClassFixture<GarnetFixture>;
