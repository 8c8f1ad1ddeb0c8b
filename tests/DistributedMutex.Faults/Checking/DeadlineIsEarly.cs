using System.Globalization;
using DistributedMutex.Faults.History;

namespace DistributedMutex.Faults.Checking;

/// <summary>
/// A holder's own deadline comes before the server's, and by a margin for clocks that do not agree: 20 ms, or 1 % of the
/// lease if that is more. Here both clocks are one, so what is missing of the margin is missing by fault.
/// </summary>
internal sealed class DeadlineIsEarly : IRule
{
    // No lease here is so long that 1 % would be more. Redis counts whole milliseconds, so it may lack one of them.
    private const double Margin = 0.019;

    public string Name => "the deadline is early";

    public IEnumerable<Violation> Check(RunHistory history)
    {
        foreach (var (hold, observed) in Observations.Of(history))
        {
            // A key that nobody may take has no end, and one of which little is left may go while the answer is under way.
            if (observed["token"] != hold.Token || observed.Seconds("left") < 0)
            {
                continue;
            }

            var from = observed.Seconds("from");
            var index = hold.Samples.FindLastIndex(sample => sample.Event.At <= from);
            if (index < 0)
            {
                continue;
            }

            // Each as far apart as the readings of the clock allow.
            var sample = hold.Samples[index];
            var (own, servers) = (sample.Moment.From + sample.Left, observed.At + observed.Seconds("left"));
            if (own + Margin > servers && !history.IsExcusedByLoss(hold, observed.At))
            {
                yield return new Violation(
                    Name,
                    string.Create(CultureInfo.InvariantCulture, $"{hold.Invoked.Who} means to hold {hold.Lock} until {own:F6}, and Redis until {servers:F6} at the latest"),
                    [hold.Invoked, hold.Ended!, sample.Event, observed]);
            }
        }
    }
}
