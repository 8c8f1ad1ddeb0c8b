using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using DistributedMutex.Protocol;
using DistributedMutex.Tests.Servers;
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
        using var metrics = new Recorder();
        await using var mutex = server.NewMutex();
        await using var other = server.NewMutex();

        Assert.True(mutex.Lock(resource));
        Assert.Equal((0, 1), (metrics.Sum("waiting"), metrics.Sum("held")));
        var waiting = other.LockAsync(resource);
        Assert.Equal((1, 1), (metrics.Sum("waiting"), metrics.Sum("held")));
        Assert.True(await mutex.UnlockAsync(resource));
        Assert.True(await waiting);
        Assert.Equal((0, 1), (metrics.Sum("waiting"), metrics.Sum("held")));
        Assert.False(await mutex.LockAsync(resource, TimeSpan.Zero));
        Assert.True(other.Unlock(resource));
        Assert.Equal((0, 0), (metrics.Sum("waiting"), metrics.Sum("held")));

        Assert.Equal((2, 1), (metrics.Count("acquire.duration", "acquired"), metrics.Count("acquire.duration", "timed_out")));
        Assert.Equal((2, 0), (metrics.Count("hold.duration", "released"), metrics.Count("hold.duration", "lost")));
        Assert.Equal("s", metrics.Unit("acquire.duration"));
        Assert.Equal("s", metrics.Unit("hold.duration"));
        Assert.All(metrics.Tags, tag => Assert.Equal("distributed_mutex.outcome", tag));
    }

    [Fact]
    public async Task A_lost_lock_is_counted_as_lost_and_no_more_as_held()
    {
        var resource = server.NewResource();
        using var metrics = new Recorder();
        using var foreign = server.NewForeignClient();
        await using var mutex = server.NewMutex();
        await using var scope = await mutex.AcquireAsync(resource);
        await foreign.Database.KeyDeleteAsync(new LockKeys(resource).Lock);
        Assert.False(await scope.ExtendAsync());
        Assert.False(await scope.ReleaseAsync());
        Assert.Equal((0, 0), (metrics.Sum("held"), metrics.Count("hold.duration", "released")));

        // What an earlier test has left may be lost in the meantime.
        Assert.True(metrics.Sum("lost") >= 1);
        Assert.True(metrics.Count("hold.duration", "lost") >= 1);
    }

    [Fact]
    public async Task What_began_before_anybody_listened_is_not_counted_when_it_ends()
    {
        var resource = server.NewResource();
        await using var mutex = server.NewMutex();
        await using var scope = await mutex.AcquireAsync(resource);
        using var metrics = new Recorder();
        Assert.True(await scope.ReleaseAsync());
        Assert.Equal(0, metrics.Sum("held"));
    }

    [Fact]
    public async Task OpenTelemetry_collects_spans_and_metrics()
    {
        var resource = server.NewResource();
        var (spans, metrics) = (new Exporter<Activity>(), new Exporter<Metric>());
        using (Sdk.CreateTracerProviderBuilder().AddSource("DistributedMutex").AddProcessor(new SimpleActivityExportProcessor(spans)).Build())
        using (Sdk.CreateMeterProviderBuilder().AddMeter("DistributedMutex").AddReader(new BaseExportingMetricReader(metrics)).Build())
        {
            await using var mutex = server.NewMutex();
            await using (await mutex.AcquireAsync(resource))
            {
                Assert.Null(await mutex.TryAcquireAsync(resource, TimeSpan.Zero));
            }
        }

        Assert.Equal(
            ["DistributedMutex.Wait acquired", "DistributedMutex.Wait timed_out", "DistributedMutex.Hold released"],
            spans.Batch.Where(span => (string?)span.GetTagItem("distributed_mutex.resource") == resource)
                .Select(span => $"{span.DisplayName} {span.GetTagItem("distributed_mutex.outcome")}"));
        Assert.Equal(
            ["distributed_mutex.acquire.duration", "distributed_mutex.held", "distributed_mutex.hold.duration", "distributed_mutex.waiting"],
            metrics.Batch.Select(metric => metric.Name).Order());
        var buckets = 0;
        foreach (ref readonly var point in metrics.Batch.Single(metric => metric.Name == "distributed_mutex.hold.duration").GetMetricPoints())
        {
            foreach (var bucket in point.GetHistogramBuckets())
            {
                buckets += bucket.ExplicitBound is 0.001 or 3600 ? 1 : 0;
            }
        }

        Assert.Equal(2, buckets);
    }

    /// <summary>What OpenTelemetry's own in-memory exporter does, which not every feed has.</summary>
    private sealed class Exporter<T> : BaseExporter<T>
        where T : class
    {
        public List<T> Batch { get; } = [];

        public override ExportResult Export(in Batch<T> batch)
        {
            foreach (var item in batch)
            {
                Batch.Add(item);
            }

            return ExportResult.Success;
        }
    }

    private sealed class Recorder : IDisposable
    {
        private const string Prefix = "distributed_mutex.";
        private readonly ConcurrentQueue<(Instrument Instrument, double Value, KeyValuePair<string, object?>[] Tags)> _measured = new();
        private readonly MeterListener _listener = new();

        public Recorder()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "DistributedMutex")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => _measured.Enqueue((instrument, value, tags.ToArray())));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => _measured.Enqueue((instrument, value, tags.ToArray())));
            _listener.Start();
        }

        public IEnumerable<string> Tags => _measured.SelectMany(measured => measured.Tags).Select(tag => tag.Key);

        public double Sum(string name) => _measured.Where(measured => measured.Instrument.Name == Prefix + name).Sum(measured => measured.Value);

        public int Count(string name, string outcome) => _measured.Count(measured =>
            measured.Instrument.Name == Prefix + name && measured.Value >= 0 && measured.Tags.Contains(new("distributed_mutex.outcome", outcome)));

        public string? Unit(string name) => _measured.First(measured => measured.Instrument.Name == Prefix + name).Instrument.Unit;

        public void Dispose() => _listener.Dispose();
    }
}

[Collection(Alone.Name)]
public sealed class MetricsOnRedisTests(RedisFixture server) : MetricTests(server), IClassFixture<RedisFixture>;

[Collection(Alone.Name)]
public sealed class MetricsOnGarnetTests(GarnetFixture server) : MetricTests(server), IClassFixture<GarnetFixture>;
