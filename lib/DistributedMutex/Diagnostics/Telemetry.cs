using System.Diagnostics;
using System.Diagnostics.Metrics;
using DistributedMutex.Protocol;

namespace DistributedMutex.Diagnostics;

/// <summary>
/// The spans and metrics of the library: one source and one meter, both named "DistributedMutex". A resource's name is in
/// every span, and in no metric: there may be any number of them. While nobody listens nothing is allocated.
/// </summary>
internal static class Telemetry
{
    public const string Name = "DistributedMutex";

    public const string WaitSpan = Name + ".Wait";
    public const string HoldSpan = Name + ".Hold";

    public const string ResourceTag = "distributed_mutex.resource";
    public const string KindTag = "distributed_mutex.kind";
    public const string FenceTag = "distributed_mutex.fence";
    public const string OutcomeTag = "distributed_mutex.outcome";
    public const string ErrorTypeTag = "error.type";

    // Of a wait.
    public const string Acquired = "acquired";
    public const string TimedOut = "timed_out";
    public const string Cancelled = "cancelled";
    public const string Failed = "failed";

    // Of a hold.
    public const string Released = "released";
    public const string Lost = "lost";

    // Above what they create: static fields are set in the order in which they stand here.
    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    /// <summary>Calls that wait for a lock now.</summary>
    public static readonly UpDownCounter<long> Waiting = Meter.CreateUpDownCounter<long>(
        "distributed_mutex.waiting", "{call}", "Calls that wait for a lock.");

    /// <summary>Locks that are held now.</summary>
    public static readonly UpDownCounter<long> Held = Meter.CreateUpDownCounter<long>(
        "distributed_mutex.held", "{lock}", "Locks that are held.");

    /// <summary>Holds that ended other than by their release.</summary>
    public static readonly Counter<long> LostLocks = Meter.CreateCounter<long>(
        "distributed_mutex.lost", "{lock}", "Locks that were lost while they were held.");

    /// <summary>From an uncontended lock on the same machine to a wait of a minute.</summary>
    public static readonly Histogram<double> AcquireDuration = NewHistogram(
        "distributed_mutex.acquire.duration", "How long calls waited for a lock.",
        [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]);

    /// <summary>From a short critical section to an hour's job.</summary>
    public static readonly Histogram<double> HoldDuration = NewHistogram(
        "distributed_mutex.hold.duration", "How long locks were held.",
        [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600]);

    /// <summary>
    /// Starts a span as a child of the caller's activity, without becoming the caller's activity itself: a span that
    /// outlives the call must not. Null: nobody wants it.
    /// </summary>
    public static Activity? Start(string name, string resource, LockKind kind, TimeProvider clock, long? fence = null) =>
        Source.HasListeners() ? StartHeard(name, resource, kind, clock, fence) : null;

    /// <summary>Ends a span in whatever flow, without changing the activity there.</summary>
    public static void Stop(Activity span, string outcome, DateTime end)
    {
        span.SetTag(OutcomeTag, outcome);
        span.SetEndTime(end);
        Tell(span.Stop);
    }

    /// <summary>Counts something that begins. False: nobody listens, and its end is not to be counted either.</summary>
    public static bool CountIn(UpDownCounter<long> counter, LockKind kind)
    {
        var heard = counter.Enabled;
        Add(counter, kind, heard, 1);
        return heard;
    }

    /// <summary>Counts something that ends, if its beginning was counted.</summary>
    public static void CountOut(UpDownCounter<long> counter, LockKind kind, bool countedIn) => Add(counter, kind, countedIn, -1);

    /// <summary>Counts a lock that was lost.</summary>
    public static void CountLost(LockKind kind)
    {
        if (LostLocks.Enabled)
        {
            CountLostHeard(kind);
        }
    }

    /// <summary>Records how long something took.</summary>
    public static void Record(Histogram<double> histogram, TimeSpan time, LockKind kind, string outcome)
    {
        if (histogram.Enabled)
        {
            RecordHeard(histogram, time, kind, outcome);
        }
    }

    // Methods of their own, since what a lambda captures is allocated on entry.
    private static Activity? StartHeard(string name, string resource, LockKind kind, TimeProvider clock, long? fence)
    {
        KeyValuePair<string, object?> resourceTag = new(ResourceTag, resource);
        KeyValuePair<string, object?>[] tags = fence is null ? [resourceTag, Tag(kind)] : [resourceTag, Tag(kind), new(FenceTag, fence)];
        Activity? span = null;
        Tell(() => span = Source.StartActivity(name, ActivityKind.Internal, parentContext: default, tags, links: null, clock.GetUtcNow()));
        return span;
    }

    private static void RecordHeard(Histogram<double> histogram, TimeSpan time, LockKind kind, string outcome) =>
        Tell(() => histogram.Record(time.TotalSeconds, Tag(kind), new KeyValuePair<string, object?>(OutcomeTag, outcome)));

    private static void CountLostHeard(LockKind kind) => Tell(() => LostLocks.Add(1, Tag(kind)));

    private static void Add(UpDownCounter<long> counter, LockKind kind, bool heard, int one)
    {
        if (heard)
        {
            AddHeard(counter, kind, one);
        }
    }

    private static void AddHeard(UpDownCounter<long> counter, LockKind kind, int one) => Tell(() => counter.Add(one, Tag(kind)));

    private static KeyValuePair<string, object?> Tag(LockKind kind) => new(KindTag, kind.Name);

    /// <summary>
    /// Calls listeners, which are the application's code: should one throw, that must not leave a lock held. What it does to
    /// the flow of the caller, <see cref="Activity.Current"/> first of all, is undone.
    /// </summary>
    private static void Tell(Action listeners)
    {
        try
        {
            if (ExecutionContext.Capture() is { } flow)
            {
                ExecutionContext.Run(flow, static listeners => ((Action)listeners!)(), listeners);
                return;
            }

            // The caller has suppressed the flow.
            var current = Activity.Current;
            try
            {
                listeners();
            }
            finally
            {
                Activity.Current = current;
            }
        }
        catch (Exception)
        {
            // As with a logger that throws: there is nobody to tell.
        }
    }

    private static Histogram<double> NewHistogram(string name, string description, double[] buckets) =>
        Meter.CreateHistogram(name, "s", description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = buckets });
}
