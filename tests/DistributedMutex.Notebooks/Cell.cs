using System.Text.Json.Nodes;

namespace DistributedMutex.Notebooks;

/// <summary>One cell of a notebook.</summary>
internal sealed class Cell(JsonObject json)
{
    /// <summary>Jupyter's own tag: the cell is meant to fail, and then it must.</summary>
    public const string RaisesException = "raises-exception";

    /// <summary>The cell that a learner changes; its solution takes its place.</summary>
    public const string Exercise = "exercise";

    /// <summary>A cell that passes once the exercise is solved.</summary>
    public const string Check = "check";

    public string? Id => (string?)json["id"];

    public bool IsCode => (string?)json["cell_type"] == "code";

    public string Source => Text(json["source"]);

    public JsonArray Outputs => json["outputs"]?.AsArray() ?? [];

    public bool Has(string tag) => json["metadata"]?["tags"]?.AsArray().Any(one => (string?)one == tag) == true;

    /// <summary>Replaces its outputs by those of a run, the <paramref name="number"/>th of the kernel.</summary>
    public void Fill(int number, IEnumerable<JsonObject> outputs)
    {
        json["execution_count"] = number;
        json["outputs"] = new JsonArray([.. outputs]);
    }

    /// <summary>Whatever editor wrote it, it looks the same: the source as a list of lines, the fields that nbformat asks for.</summary>
    public void Tidy()
    {
        json["source"] = Lines(Source.ReplaceLineEndings("\n").TrimEnd('\n'));
        json["metadata"] = json["metadata"]?["tags"]?.AsArray() is { Count: > 0 } tags ? new JsonObject { ["tags"] = tags.DeepClone() } : new JsonObject();
        json["id"] ??= Guid.NewGuid().ToString("N")[..8];
        if (IsCode)
        {
            json["outputs"] ??= new JsonArray();
            json["execution_count"] ??= null;
        }
    }

    /// <summary>A notebook file holds a text as such or as a list of lines.</summary>
    public static string Text(JsonNode? json) => json switch
    {
        JsonArray lines => string.Concat(lines.Select(line => (string?)line)),
        var text => (string?)text ?? "",
    };

    public static JsonArray Lines(string text)
    {
        var lines = text.Split('\n');
        return new JsonArray([.. lines.Select((line, i) => (JsonNode?)(i < lines.Length - 1 ? line + "\n" : line)).Where(line => (string?)line != "")]);
    }
}
