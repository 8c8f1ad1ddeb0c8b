using System.Diagnostics;

namespace DistributedMutex.Tests.Diagnostics;

/// <summary>What a listener was told of one span.</summary>
internal sealed class Span(Activity activity)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _ends;

    public string Name => activity.OperationName;

    public string? Resource { get; } = (string?)activity.GetTagItem("distributed_mutex.resource");

    public long? Fence { get; } = (long?)activity.GetTagItem("distributed_mutex.fence");

    public Activity? Parent => activity.Parent;

    /// <summary>The name of the thread that the span was started on.</summary>
    public string? Thread { get; } = System.Threading.Thread.CurrentThread.Name;

    /// <summary>The caller, if the span was started in the caller's flow.</summary>
    public string? Caller { get; } = SpanRecorder.Caller.Value;

    public string? Outcome => (string?)activity.GetTagItem("distributed_mutex.outcome");

    public ActivityStatusCode Status => activity.Status;

    public DateTime Start => activity.StartTimeUtc;

    public DateTime End => activity.StartTimeUtc + activity.Duration;

    public int Ends => Volatile.Read(ref _ends);

    public Task Ended => _ended.Task.WaitAsync(TimeSpan.FromSeconds(30));

    public void Stop()
    {
        Interlocked.Increment(ref _ends);
        _ended.TrySetResult();
    }
}
