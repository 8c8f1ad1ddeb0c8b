using System.Text.Json.Nodes;

namespace DistributedMutex.Notebooks;

/// <summary>What a cell leaves behind: a stretch of printed text, a value, or an error.</summary>
internal abstract record Output
{
    public abstract JsonObject ToJson(int executionCount);

    /// <summary>All of its text, that of pictures included.</summary>
    public abstract IEnumerable<string> Texts { get; }

    public abstract Output Select(Func<string, string> change);

    /// <summary>Printed text; the name is "stdout" or "stderr".</summary>
    public sealed record Stream(string Name, string Text) : Output
    {
        public override IEnumerable<string> Texts => [Text];

        public override Output Select(Func<string, string> change) => this with { Text = change(Text) };

        public override JsonObject ToJson(int executionCount) => new()
        {
            ["output_type"] = "stream",
            ["name"] = Name,
            ["text"] = Cell.Lines(Text),
        };
    }

    /// <summary>The value of the last expression, in each MIME type that it can be had in.</summary>
    public sealed record Value(IReadOnlyDictionary<string, string> Data) : Output
    {
        public override IEnumerable<string> Texts => Data.Values;

        public override Output Select(Func<string, string> change) =>
            new Value(Data.ToDictionary(pair => pair.Key, pair => change(pair.Value)));

        public override JsonObject ToJson(int executionCount) => new()
        {
            ["output_type"] = "execute_result",
            ["execution_count"] = executionCount,
            ["metadata"] = new JsonObject(),
            ["data"] = new JsonObject(Data.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)Cell.Lines(pair.Value)))),
        };
    }

    public sealed record Error(string Name, string Message) : Output
    {
        public override IEnumerable<string> Texts => [Message];

        public override Output Select(Func<string, string> change) => this with { Message = change(Message) };

        // Without the stack: its lines are of the machine that it was recorded on.
        public override JsonObject ToJson(int executionCount) => new()
        {
            ["output_type"] = "error",
            ["ename"] = Name,
            ["evalue"] = Message,
            ["traceback"] = Cell.Lines($"{Name}: {Message}"),
        };
    }
}
