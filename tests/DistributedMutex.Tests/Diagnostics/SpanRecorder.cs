using System.Collections.Concurrent;
using System.Diagnostics;

namespace DistributedMutex.Tests.Diagnostics;

/// <summary>Listens to the library's spans.</summary>
internal sealed class SpanRecorder : IDisposable
{
    private readonly ConcurrentDictionary<Activity, Span> _spans = new();
    private readonly ConcurrentQueue<Span> _inOrder = new();
    private readonly ActivityListener _listener;

    public SpanRecorder()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "DistributedMutex",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Tags!.Any(tag => tag.Key == "distributed_mutex.resource") ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            ActivityStarted = activity =>
            {
                var span = _spans[activity] = new Span(activity);
                _inOrder.Enqueue(span);
            },
            ActivityStopped = activity => _spans[activity].Stop(),
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Set by a caller, to be seen in its flow only.</summary>
    public static AsyncLocal<string?> Caller { get; } = new();

    public List<Span> Waits(string resource) => Of("DistributedMutex.Wait", resource);

    public List<Span> Holds(string resource) => Of("DistributedMutex.Hold", resource);

    public void Dispose() => _listener.Dispose();

    private List<Span> Of(string name, string resource) => _inOrder.Where(span => span.Name == name && span.Resource == resource).ToList();
}
