using System.Text.Json;

namespace DistributedMutex.Workshop;

/// <summary>What a learner has solved, and what failed how often: in a file of the clone that git ignores, so that scripts, notebooks and the guide know the same.</summary>
internal static class Progress
{
    /// <summary>Names another file, or none: "off". Tests must not solve the lessons of whoever runs them.</summary>
    public const string Variable = "WORKSHOP_PROGRESS";

    private const string Off = "off";

    private static readonly Lock Gate = new();
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true };
    private static Dictionary<string, Record> _inMemory = [];

    private static string FileName => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : Path.Combine(Clone.Root, ".progress.json");

    /// <summary>What is known of an exercise: "3.1" is the first of lesson 3.</summary>
    public static Record Of(string exercise)
    {
        lock (Gate)
        {
            return Read().GetValueOrDefault(exercise) ?? new Record();
        }
    }

    /// <summary>Its check passed.</summary>
    public static void Solve(string exercise) => Change(exercise, _ => new Record { Solved = true });

    /// <summary>A step of its check failed; returns how often it has done so since the exercise was last solved or reset.</summary>
    public static int Fail(string exercise, CheckFailedException failure) => Change(exercise, record => new Record
    {
        Failed = failure.Claim,
        Told = record.Failed == failure.Claim ? record.Told : 0,
        Times = record.Failed == failure.Claim ? record.Times + 1 : 1,
        Hint = failure.Hint,
        Answer = failure.Answer,
    }).Times;

    /// <summary>The hint of an exercise is told once more; returns what is known, with how often.</summary>
    public static Record Tell(string exercise) => Change(exercise, record => record with { Told = record.Told + 1 });

    /// <summary>Forgets an exercise.</summary>
    public static void Reset(string exercise) => Change(exercise, _ => new Record());

    private static Record Change(string exercise, Func<Record, Record> change)
    {
        lock (Gate)
        {
            var all = Read();
            var record = change(all.GetValueOrDefault(exercise) ?? new Record());
            all[exercise] = record;
            Write(all);
            return record;
        }
    }

    private static Dictionary<string, Record> Read()
    {
        if (FileName == Off)
        {
            return _inMemory;
        }

        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, Record>>(File.ReadAllText(FileName)) ?? [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            // Not there yet, or not to be read: no lesson fails for that.
            return _inMemory;
        }
    }

    private static void Write(Dictionary<string, Record> all)
    {
        _inMemory = all;
        if (FileName == Off)
        {
            return;
        }

        try
        {
            // Whoever reads meanwhile, such as the guide, sees the old file or the new one.
            var next = $"{FileName}.{Environment.ProcessId}";
            File.WriteAllText(next, JsonSerializer.Serialize(all, Format));
            File.Move(next, FileName, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that cannot be written to: it is known for as long as this process lives.
        }
    }

    /// <summary>One exercise.</summary>
    internal sealed record Record
    {
        /// <summary>Whether its check has passed, and not failed since.</summary>
        public bool Solved { get; init; }

        /// <summary>What was to hold and did not, the last time; null if nothing failed.</summary>
        public string? Failed { get; init; }

        /// <summary>How often that has failed, one time after the other.</summary>
        public int Times { get; init; }

        /// <summary>How often the learner has asked for the hint of what failed.</summary>
        public int Told { get; init; }

        /// <summary>What to think about.</summary>
        public string? Hint { get; init; }

        /// <summary>What to write.</summary>
        public string? Answer { get; init; }
    }
}
