using System.Globalization;

namespace DistributedMutex.Tests.Protocol.Simulation;

/// <summary>
/// One server, some processes and all that is under way between them, on the server's timeline, which no real time passes on.
/// What happens at the same moment, and how long everything takes, is random, and the same for the same seed.
/// </summary>
internal sealed class World(int seed)
{
    private readonly PriorityQueue<Action, (TimeSpan At, int Number)> _events = new();
    private readonly Random _random = new(seed);
    private readonly List<string> _trace = [];
    private int _number;
    private string? _failure;

    public TimeSpan Now { get; private set; } = TimeSpan.FromHours(1);

    /// <summary>Runs after each event.</summary>
    public Action Check { get; set; } = () => { };

    /// <summary>What has happened so far, a line each.</summary>
    public string Trace => string.Join(Environment.NewLine, _trace);

    public static TimeSpan Ms(double ms) => TimeSpan.FromTicks((long)(ms * TimeSpan.TicksPerMillisecond));

    public void At(TimeSpan moment, Action action) => _events.Enqueue(action, (moment > Now ? moment : Now, _number++));

    public void In(TimeSpan time, Action action) => At(Now + time, action);

    /// <summary>A time between none and that.</summary>
    public TimeSpan UpTo(TimeSpan time) => time * _random.NextDouble();

    public bool Chance(double probability) => _random.NextDouble() < probability;

    public void Shuffle<T>(List<T> items) => _random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(items));

    /// <summary>Lets everything happen that is due until that moment.</summary>
    public void RunUntil(TimeSpan end)
    {
        while (_events.TryPeek(out var next, out var due) && due.At <= end)
        {
            _events.Dequeue();
            Now = due.At;
            next();
            Check();
            ThrowIfFailed();
        }

        Now = end;
    }

    public void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw new InvalidOperationException(_failure);
        }
    }

    public void Note(string who, string what) =>
        _trace.Add(string.Create(CultureInfo.InvariantCulture, $"{(Now - TimeSpan.FromHours(1)).TotalMilliseconds,11:F3}  {who,-8} {what}"));

    /// <summary>Something is as it must never be; ends the run, whoever noticed it.</summary>
    public void Fail(string what)
    {
        if (_failure is null)
        {
            Note("FAILURE", what);
            _failure = what;
        }
    }
}
