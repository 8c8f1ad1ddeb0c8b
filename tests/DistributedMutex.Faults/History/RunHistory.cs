using DistributedMutex.Faults.Checking;
using DistributedMutex.Faults.Store;

namespace DistributedMutex.Faults.History;

/// <summary>All that happened in one run, in order.</summary>
internal sealed class RunHistory
{
    private readonly Dictionary<(string Who, string Op), Operation> _open = [];
    private readonly Dictionary<string, FaultRecord> _faultsById = [];

    public List<Operation> Operations { get; } = [];

    public List<FaultRecord> Faults { get; } = [];

    /// <summary>What the key of a lock was seen to hold, by lock.</summary>
    public Dictionary<string, List<HistoryEvent>> Observed { get; } = [];

    /// <summary>When a process did not run, or had no thread to run on, by process.</summary>
    public Dictionary<string, List<Moment>> Stalls { get; } = [];

    /// <summary>When each process began.</summary>
    public Dictionary<string, double> Begun { get; } = [];

    /// <summary>Events that are wrong by themselves: crashes, exceptions that nobody observed, calls that threw what is not documented.</summary>
    public List<HistoryEvent> Broken { get; } = [];

    public List<HistoryEvent> Leftovers { get; } = [];

    /// <summary>What the stores accepted, by lock.</summary>
    public Dictionary<string, IReadOnlyList<JournalEntry>> Journals { get; } = [];

    /// <summary>How often a store refused a fence, since it had seen a greater one.</summary>
    public int Refused { get; private set; }

    /// <summary>When the nemesis was done; what is still open a while later is lost.</summary>
    public double End { get; private set; } = double.PositiveInfinity;

    public IEnumerable<IGrouping<string, Operation>> ByLock => Operations.GroupBy(operation => operation.Lock);

    public static RunHistory Read(string folder)
    {
        var history = new RunHistory();
        foreach (var file in Directory.EnumerateFiles(folder, "*" + HistoryWriter.Extension).Order(StringComparer.Ordinal))
        {
            history.AddAll(WholeLines(file));
        }

        foreach (var file in Directory.EnumerateFiles(folder, "*" + FencedStore.Extension))
        {
            history.Journals[Path.GetFileNameWithoutExtension(file)] = FencedStore.ReadJournal(file);
        }

        return history.Sort();
    }

    /// <summary>A history from its lines, in any order of the processes.</summary>
    public static RunHistory Parse(IEnumerable<string> lines)
    {
        var history = new RunHistory();
        history.AddAll(lines);
        return history.Sort();
    }

    /// <summary>How long a process did not run between two times.</summary>
    public double Stalled(string process, double from, double to) =>
        Stalls.TryGetValue(process, out var stalls) ? stalls.Sum(stall => Math.Max(0, Math.Min(stall.To, to) - Math.Max(stall.From, from))) : 0;

    /// <summary>
    /// Whether a loss of data (by an operator, a restart, a failover) explains that somebody believes at that time what is true
    /// no more: whoever had asked for the lock before may believe until the end of its lease.
    /// </summary>
    public bool IsExcusedByLoss(Operation hold, double at) =>
        Faults.Exists(fault => fault.Loses(hold.Lock) && fault.From <= at && at <= fault.To + hold.LongestLease && hold.Invoked.At <= fault.To);

    /// <summary>Whether a process was killed.</summary>
    public bool IsGone(string process) => Faults.Exists(fault => fault.Kind == "kill-worker" && fault.Targets.Contains(process));

    /// <summary>Whether data is being lost just then.</summary>
    public bool IsLosing(string @lock, double at) => Faults.Exists(fault => fault.Loses(@lock) && fault.From <= at && at <= fault.To);

    /// <summary>The faults that were there at some time between two.</summary>
    public IEnumerable<HistoryEvent> FaultsBetween(double from, double to) =>
        Faults.Where(fault => fault.From <= to && fault.To >= from).Select(fault => fault.Began);

    private static string[] WholeLines(string file)
    {
        // The last line of a process that was killed may be torn.
        var text = File.ReadAllText(file);
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private void AddAll(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            Add(HistoryEvent.Parse(line));
        }
    }

    private void Add(HistoryEvent next)
    {
        switch (next.What)
        {
            case "acquire":
                Operations.Add(_open[(next.Who, next.Require("op"))] = new Operation(next));
                break;
            case "fault":
                Faults.Add(_faultsById[next.Require("id")] = new FaultRecord(next));
                break;
            case "healed":
                _faultsById[next.Require("id")].Ended = next;
                break;
            case "observed":
                Of(Observed, next.Require("lock")).Add(next);
                break;
            case "stall" or "starved":
                Of(Stalls, next.Process).Add(new Moment(next.Seconds("from"), next.At));
                break;
            case "begun":
                Begun[next.Process] = next.At;
                break;
            case "leftover":
                Leftovers.Add(next);
                break;
            case "quiet":
                End = next.At;
                break;
            default:
                if (next["op"] is { } op)
                {
                    _open[(next.Who, op)].Add(next);
                }

                if (next.What is "read" or "write" && next["accepted"] == "no")
                {
                    Refused++;
                }

                if (next.What is "broken" or "unobserved" or "crashed")
                {
                    Broken.Add(next);
                }

                break;
        }
    }

    private static List<T> Of<T>(Dictionary<string, List<T>> lists, string key) =>
        lists.TryGetValue(key, out var list) ? list : lists[key] = [];

    private RunHistory Sort()
    {
        Operations.Sort((one, other) => one.Invoked.At.CompareTo(other.Invoked.At));
        Faults.Sort((one, other) => one.From.CompareTo(other.From));
        foreach (var (process, stalls) in Stalls)
        {
            Stalls[process] = Spans.Union(stalls);
        }

        foreach (var list in Observed.Values)
        {
            list.Sort((one, other) => one.At.CompareTo(other.At));
        }

        return this;
    }
}
