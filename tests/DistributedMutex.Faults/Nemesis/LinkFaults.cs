using DistributedMutex.Faults.Setups;

namespace DistributedMutex.Faults.Nemesis;

/// <summary>Something is wrong with the network of one worker for a time.</summary>
internal sealed class LinkFault(string name, Action<Link> breakIt, Action<Link> mend, double from, double to) : Fault(name)
{
    public override Strike Plan(Arena arena, Random random)
    {
        var (place, time) = (arena.Crew.Pick(random), Between(random, from, to));
        return new Strike($"{time.TotalSeconds:F1}s", async () =>
        {
            foreach (var link in arena.Setup.LinksOf(place))
            {
                breakIt(link);
            }

            await Task.Delay(time).ConfigureAwait(false);
            foreach (var link in arena.Setup.LinksOf(place))
            {
                mend(link);
            }
        })
        { Targets = [arena.Crew.Workers[place].Name] };
    }
}
