using System.Globalization;

namespace DistributedMutex.Faults.History;

/// <summary>
/// One line of a history: "12.345678 w1-0/scope acquire op=7 lock=a wait=5". When, who, what, and values by name.
/// <see cref="Format"/> lists what can happen.
/// </summary>
internal sealed record HistoryEvent(double At, string Who, string What, string Line)
{
    public const string Format = """
        Callers (worker/name), each operation with its number op=:
          acquire lock= api= instance= wait= lease=   the call begins; api is lock, scope, service or foreign
          acquired [token= fence=]                    it has the lock
          refused | cancelled | unknown error=        it does not, by its limit, by its own will, or Redis could not be asked
          broken error=                               it threw what is not documented
          held from= left=                            between from and this line's time, IsHeld was true and Remaining was left
          lost                                        IsHeld was false
          extend lease= | extended answer=            a longer lease is asked for
          read fence= | write fence= accepted=        the store was asked
          release | released answer=                  the lock is given back; answer is yes, no, unknown or disposed (not told)
        Workers:
          begun | ended | unobserved error=
          stall from=                                 the process, or all of the machine, did not run between from and now
          starved from= threads= waiting=             its thread pool had no thread to spare between from and now
        The nemesis:
          fault id= kind= service=stopped|goes-on loses=lock|*|- recovery= targets= note=    and healed id= [error=]
          observed lock= from= token= left=           between from and this line's time a master's key held token (or -) for so long
          leftover key= expires=                      found at the end
          quiet                                       the nemesis is done
        """;

    /// <summary>The process: what stands before the slash.</summary>
    public string Process => Who.Split('/')[0];

    public string? this[string name]
    {
        get
        {
            var start = Line.IndexOf($" {name}=", StringComparison.Ordinal);
            if (start < 0)
            {
                return null;
            }

            start += name.Length + 2;
            var end = Line.IndexOf(' ', start);
            return end < 0 ? Line[start..] : Line[start..end];
        }
    }

    public double Seconds(string name) => double.Parse(Require(name), CultureInfo.InvariantCulture);

    public long Number(string name) => long.Parse(Require(name), CultureInfo.InvariantCulture);

    public string Require(string name) => this[name] ?? throw new FormatException($"The history has a line without {name}: {Line}");

    public static HistoryEvent Parse(string line)
    {
        var words = line.Split(' ', 4);
        return words.Length >= 3 && double.TryParse(words[0], CultureInfo.InvariantCulture, out var at)
            ? new HistoryEvent(at, words[1], words[2], line)
            : throw new FormatException($"The history has a line that is no event: {line}");
    }

    public override string ToString() => Line;
}
