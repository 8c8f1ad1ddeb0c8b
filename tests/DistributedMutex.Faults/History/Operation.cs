namespace DistributedMutex.Faults.History;

internal enum Outcome
{
    /// <summary>The process was killed before the call ended, or it never ended.</summary>
    Open,
    Acquired,
    Refused,
    Cancelled,
    Unknown,
    Broken,
}

/// <summary>One call that wants a lock, and what became of the lock if it got it.</summary>
internal sealed class Operation(HistoryEvent invoked)
{
    public HistoryEvent Invoked => invoked;

    public string Lock { get; } = invoked.Require("lock");

    public string Api { get; } = invoked.Require("api");

    /// <summary>The mutex that was called, or the process of a foreign client: within one of them a lock may be handed on without Redis.</summary>
    public string Instance { get; } = $"{invoked.Process}/{invoked["instance"] ?? "-"}";

    public double Wait { get; } = invoked.Seconds("wait");

    public double Lease { get; } = invoked.Seconds("lease");

    /// <summary>The lease, or what it was extended to.</summary>
    public double LongestLease { get; private set; } = invoked.Seconds("lease");

    public HistoryEvent? Ended { get; private set; }

    public Outcome Outcome { get; private set; }

    public string? Token { get; private set; }

    /// <summary>The fence, of a scope only.</summary>
    public long? Fence { get; private set; }

    /// <summary>The moments at which the caller saw that it held the lock, in order.</summary>
    public List<Sample> Samples { get; } = [];

    /// <summary>What it showed its fence to the store for.</summary>
    public List<HistoryEvent> Shown { get; } = [];

    public HistoryEvent? Release { get; private set; }

    public HistoryEvent? Released { get; private set; }

    public bool IsAcquired => Outcome == Outcome.Acquired;

    public double EndedAt => Ended?.At ?? double.PositiveInfinity;

    /// <summary>The first and the last moment at which it certainly believed; null if there is none.</summary>
    public (Moment First, Moment Last)? Belief
    {
        get
        {
            // A release that says yes says that it was held throughout; without it, only what was looked at counts.
            var confirmed = IsAcquired && Released?["answer"] == "yes";
            Moment? first = confirmed ? Moment.Of(Ended!) : Samples.Count > 0 ? Samples[0].Moment : null;
            Moment? last = confirmed ? Moment.Of(Release!) : Samples.Count > 0 ? Samples[^1].Moment : null;
            return first is null ? null : (first.Value, last!.Value);
        }
    }

    /// <summary>Until when it had the use of the lock, as far as is known.</summary>
    public double InUseUntil
    {
        get
        {
            var last = Samples.Count > 0 ? Samples[^1].Moment.To : EndedAt;
            return Api != "scope" && Release is not null ? Math.Min(Math.Max(Release.At, last), EndedAt + Lease) : Release?.At ?? last;
        }
    }

    public void Add(HistoryEvent next)
    {
        switch (next.What)
        {
            case "acquired":
                (Ended, Outcome, Token) = (next, Outcome.Acquired, next["token"]);
                Fence = next["fence"] is null ? null : next.Number("fence");
                break;
            case "refused" or "cancelled" or "unknown" or "broken":
                (Ended, Outcome) = (next, Enum.Parse<Outcome>(next.What, ignoreCase: true));
                break;
            case "held":
                Samples.Add(new Sample(next, new Moment(next.Seconds("from"), next.At), next.Seconds("left")));
                break;
            case "read" or "write":
                Shown.Add(next);
                break;
            case "extend":
                LongestLease = Math.Max(LongestLease, next.Seconds("lease"));
                break;
            case "release":
                Release = next;
                break;
            case "released":
                Released = next;
                break;
            default:
                // What only helps those who read the timeline.
                break;
        }
    }
}

/// <summary>An instant that is somewhere between two readings of the clock.</summary>
internal readonly record struct Moment(double From, double To)
{
    public static Moment Of(HistoryEvent exact) => new(exact.At, exact.At);
}

/// <summary>IsHeld was true, and Remaining so many seconds.</summary>
internal readonly record struct Sample(HistoryEvent Event, Moment Moment, double Left);
