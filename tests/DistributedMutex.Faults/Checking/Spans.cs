using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Checking;

/// <summary>Arithmetic on spans of time.</summary>
internal static class Spans
{
    /// <summary>The same time, in spans that do not touch.</summary>
    public static List<Moment> Union(IEnumerable<Moment> spans)
    {
        var union = new List<Moment>();
        foreach (var span in spans.Where(span => span.To > span.From).OrderBy(span => span.From))
        {
            if (union.Count > 0 && span.From <= union[^1].To)
            {
                union[^1] = union[^1] with { To = Math.Max(union[^1].To, span.To) };
            }
            else
            {
                union.Add(span);
            }
        }

        return union;
    }

    public static double Length(List<Moment> union) => union.Sum(span => span.To - span.From);

    public static double Common(List<Moment> one, List<Moment> other) =>
        one.Sum(span => other.Sum(another => Math.Max(0, Math.Min(span.To, another.To) - Math.Max(span.From, another.From))));
}
