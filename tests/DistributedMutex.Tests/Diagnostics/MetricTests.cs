using System.Diagnostics;
using DistributedMutex.Protocol;
using DistributedMutex.Tests.Servers;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace DistributedMutex.Tests.Diagnostics;

// Alone: a listener hears the whole process.
public abstract class MetricTests(ServerFixture server)
{
    [Fact]
    public async Task Waits_and_holds_are_counted_while_they_last_and_timed_by_outcome()
    {
        var resource = server.NewResource();
        using var metrics = new Metrics();
        await using var mutex = server.NewMutex();
        await using var other = server.NewMutex();

        Assert.True(mutex.Lock(resource));
        Assert.Equal((0, 1), (Metrics.Sum(metrics.Waiting), Metrics.Sum(metrics.Held)));
        var waiting = other.LockAsync(resource);
        Assert.Equal((1, 1), (Metrics.Sum(metrics.Waiting), Metrics.Sum(metrics.Held)));
        Assert.True(await mutex.UnlockAsync(resource));
        Assert.True(await waiting);
        Assert.Equal((0, 1), (Metrics.Sum(metrics.Waiting), Metrics.Sum(metrics.Held)));
        Assert.False(await mutex.LockAsync(resource, TimeSpan.Zero));
        Assert.True(other.Unlock(resource));
        Assert.Equal((0, 0), (Metrics.Sum(metrics.Waiting), Metrics.Sum(metrics.Held)));

        Assert.Equal((2, 1), (Metrics.Count(metrics.AcquireDuration, "acquired"), Metrics.Count(metrics.AcquireDuration, "timed_out")));
        Assert.Equal((2, 0), (Metrics.Count(metrics.HoldDuration, "released"), Metrics.Count(metrics.HoldDuration, "lost")));
        Assert.Equal("s", metrics.AcquireDuration.Instrument!.Unit);
        Assert.Equal("s", metrics.HoldDuration.Instrument!.Unit);
        Assert.All(metrics.Tags, tag => Assert.True(tag is "distributed_mutex.outcome" or "distributed_mutex.kind", tag));
    }

    [Fact]
    public async Task A_tag_says_what_kind_of_lock_was_held()
    {
        var resource = server.NewResource();
        using var metrics = new Metrics();
        await using var mutex = server.NewMutex();
        await using var locks = server.NewReadWriteLock();
        await using var semaphore = server.NewSemaphore(resource, 2);
        foreach (var acquire in new[] { () => mutex.AcquireAsync(resource), () => locks.AcquireReadAsync(resource), () => locks.AcquireWriteAsync(resource), () => semaphore.AcquireAsync() })
        {
            await (await acquire()).DisposeAsync();
        }

        var kinds = metrics.HoldDuration.GetMeasurementSnapshot().Select(hold => (string?)hold.Tags["distributed_mutex.kind"]);
        Assert.Equal(["mutex", "read", "write", "permit"], kinds.TakeLast(4));
    }

    [Fact]
    public async Task A_lost_lock_is_counted_as_lost_and_no_more_as_held()
    {
        var resource = server.NewResource();
        using var metrics = new Metrics();
        using var foreign = server.NewForeignClient();
        await using var mutex = server.NewMutex();
        await using var scope = await mutex.AcquireAsync(resource);
        await foreign.Database.KeyDeleteAsync(new LockKeys(resource).Lock);
        Assert.False(await scope.ExtendAsync());
        Assert.False(await scope.ReleaseAsync());
        Assert.Equal((0, 0), (Metrics.Sum(metrics.Held), Metrics.Count(metrics.HoldDuration, "released")));

        // What an earlier test has left may be lost in the meantime.
        Assert.True(Metrics.Sum(metrics.Lost) >= 1);
        Assert.True(Metrics.Count(metrics.HoldDuration, "lost") >= 1);
    }

    [Fact]
    public async Task What_began_before_anybody_listened_is_not_counted_when_it_ends()
    {
        var resource = server.NewResource();
        await using var mutex = server.NewMutex();
        await using var scope = await mutex.AcquireAsync(resource);
        using var metrics = new Metrics();
        Assert.True(await scope.ReleaseAsync());
        Assert.Equal(0, Metrics.Sum(metrics.Held));
    }

    [Fact]
    public async Task OpenTelemetry_collects_spans_and_metrics()
    {
        var resource = server.NewResource();
        var (spans, metrics) = (new List<Activity>(), new List<MetricSnapshot>());
        using (Sdk.CreateTracerProviderBuilder().AddSource("DistributedMutex").AddInMemoryExporter(spans).Build())
        using (Sdk.CreateMeterProviderBuilder().AddMeter("DistributedMutex").AddInMemoryExporter(metrics).Build())
        {
            await using var mutex = server.NewMutex();
            await using (await mutex.AcquireAsync(resource))
            {
                Assert.Null(await mutex.TryAcquireAsync(resource, TimeSpan.Zero));
            }
        }

        Assert.Equal(
            ["DistributedMutex.Wait acquired", "DistributedMutex.Wait timed_out", "DistributedMutex.Hold released"],
            spans.Where(span => (string?)span.GetTagItem("distributed_mutex.resource") == resource)
                .Select(span => $"{span.DisplayName} {span.GetTagItem("distributed_mutex.outcome")}"));
        Assert.Equal(
            ["distributed_mutex.acquire.duration", "distributed_mutex.held", "distributed_mutex.hold.duration", "distributed_mutex.waiting"],
            metrics.Select(metric => metric.Name).Order());
        var buckets = 0;
        foreach (var point in metrics.Single(metric => metric.Name == "distributed_mutex.hold.duration").MetricPoints)
        {
            foreach (var bucket in point.GetHistogramBuckets())
            {
                buckets += bucket.ExplicitBound is 0.001 or 3600 ? 1 : 0;
            }
        }

        Assert.Equal(2, buckets);
    }

    /// <summary>What each instrument of the library was told since this was made.</summary>
    private sealed class Metrics : IDisposable
    {
        public MetricCollector<long> Waiting { get; } = Collect<long>("waiting");

        public MetricCollector<long> Held { get; } = Collect<long>("held");

        public MetricCollector<long> Lost { get; } = Collect<long>("lost");

        public MetricCollector<double> AcquireDuration { get; } = Collect<double>("acquire.duration");

        public MetricCollector<double> HoldDuration { get; } = Collect<double>("hold.duration");

        public IEnumerable<string> Tags =>
        [
            .. new[] { Waiting, Held, Lost }.SelectMany(collector => collector.GetMeasurementSnapshot()).SelectMany(measured => measured.Tags.Keys),
            .. new[] { AcquireDuration, HoldDuration }.SelectMany(collector => collector.GetMeasurementSnapshot()).SelectMany(measured => measured.Tags.Keys),
        ];

        public static long Sum(MetricCollector<long> counter) => counter.GetMeasurementSnapshot().EvaluateAsCounter();

        public static int Count(MetricCollector<double> histogram, string outcome)
        {
            var measured = histogram.GetMeasurementSnapshot().ContainsTags(new KeyValuePair<string, object?>("distributed_mutex.outcome", outcome)).ToList();
            Assert.All(measured, duration => Assert.True(duration.Value >= 0));
            return measured.Count;
        }

        public void Dispose()
        {
            Waiting.Dispose();
            Held.Dispose();
            Lost.Dispose();
            AcquireDuration.Dispose();
            HoldDuration.Dispose();
        }

        private static MetricCollector<T> Collect<T>(string name)
            where T : struct => new(meterScope: null, "DistributedMutex", "distributed_mutex." + name);
    }
}

[Collection(Alone.Name)]
public sealed class MetricsOnRedisTests(RedisFixture server) : MetricTests(server), IClassFixture<RedisFixture>;

[Collection(Alone.Name)]
public sealed class MetricsOnGarnetTests(GarnetFixture server) : MetricTests(server), IClassFixture<GarnetFixture>;
