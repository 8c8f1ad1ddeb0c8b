namespace DistributedMutex.Protocol;

/// <summary>When the first caller of a line asks Redis again: nobody polls, but somebody must notice what no message tells.</summary>
internal struct Naps
{
    // When somebody's time has passed the key is gone; a moment before, it would cost another question.
    private static readonly TimeSpan Afterwards = TimeSpan.FromMilliseconds(5);

    // Those further behind ask a little later each: the first sees to it, and if it can't, the next.
    private static readonly TimeSpan ForEachBefore = TimeSpan.FromMilliseconds(500);
    private const int MostBefore = 120;

    // A waiter asks this often at least: its queue would be taken for litter (baton.lua), and who knows what was missed.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private TimeSpan _hint;

    /// <summary>When to ask.</summary>
    public TimeSpan AskAt { get; private set; }

    /// <summary>Ask at once.</summary>
    public void AskNow() => AskAt = TimeSpan.Zero;

    /// <summary>Ask no earlier than in that time.</summary>
    public void AskLater(TimeSpan time, TimeSpan now) => AskAt = now.Later(time);

    /// <summary>A question is under way: what is heard from now on, its answer may not know of.</summary>
    public void Asked() => (AskAt, _hint) = (Clock.Never, Clock.Never);

    /// <summary>Ask in that time, or earlier.</summary>
    public void AskWithin(TimeSpan time, TimeSpan now)
    {
        _hint = Clock.Earlier(_hint, time == TimeSpan.Zero ? now : now.Later(time + Afterwards));
        AskAt = Clock.Earlier(AskAt, _hint);
    }

    /// <summary>The answer was to wait, behind so many, for a holder that has so long left; or so long at the most.</summary>
    public void Queued(int rank, TimeSpan left, TimeSpan most, TimeSpan now)
    {
        var nap = left.Later(Afterwards + (ForEachBefore * Math.Clamp(rank, 0, MostBefore)));
        AskAt = Clock.Earlier(_hint, now.Later(Clock.Earlier(nap, Clock.Earlier(most, Longest))));
    }
}
