using System.Text.Json.Nodes;

namespace DistributedMutex.Notebooks;

/// <summary>What a cell leaves behind: a stretch of printed text, a value, or an error.</summary>
internal abstract record Output
{
    public abstract JsonObject ToJson(int executionCount);

    public abstract Output Select(Func<string, string> change);

    /// <summary>What a notebook file holds.</summary>
    public static Output Of(JsonNode json) => (string?)json["output_type"] switch
    {
        "stream" => new Stream((string)json["name"]!, Cell.Text(json["text"])),

        // Jupyter's pages show the traceback only.
        "error" => new Error((string)json["ename"]!, string.Join('\n', json["traceback"]!.AsArray().Select(line => (string?)line))),
        var kind => new Value(kind!, json["data"]!.AsObject().ToDictionary(pair => pair.Key, pair => Cell.Text(pair.Value))),
    };

    /// <summary>The outputs with neighbours of the same stream as one: a program prints in pieces.</summary>
    public static IReadOnlyList<Output> Joined(IEnumerable<Output> outputs)
    {
        var joined = new List<Output>();
        foreach (var output in outputs)
        {
            if (output is Stream next && joined.LastOrDefault() is Stream last && last.Name == next.Name)
            {
                joined[^1] = last with { Text = last.Text + next.Text };
            }
            else
            {
                joined.Add(output);
            }
        }

        return joined;
    }

    /// <summary>Printed text.</summary>
    public sealed record Stream(string Name, string Text) : Output
    {
        public const string Plain = "stdout";

        /// <summary>What notebooks show in red.</summary>
        public const string Red = "stderr";

        public override Output Select(Func<string, string> change) => this with { Text = change(Text) };

        public override JsonObject ToJson(int executionCount) => new()
        {
            ["output_type"] = "stream",
            ["name"] = Name,
            ["text"] = Cell.Lines(Text),
        };
    }

    /// <summary>A value, in each MIME type that it can be had in.</summary>
    public sealed record Value(string Kind, IReadOnlyDictionary<string, string> Data) : Output
    {
        public const string Displayed = "display_data";

        /// <summary>The last expression's.</summary>
        public const string Returned = "execute_result";

        public override Output Select(Func<string, string> change) =>
            this with { Data = Data.ToDictionary(pair => pair.Key, pair => change(pair.Value)) };

        public override JsonObject ToJson(int executionCount)
        {
            var json = new JsonObject
            {
                ["output_type"] = Kind,
                ["metadata"] = new JsonObject(),
                ["data"] = new JsonObject(Data.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)Cell.Lines(pair.Value)))),
            };
            if (Kind == Returned)
            {
                json["execution_count"] = executionCount;
            }

            return json;
        }
    }

    public sealed record Error(string Name, string Message) : Output
    {
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
