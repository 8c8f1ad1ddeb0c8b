using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DistributedMutex.Notebooks;

/// <summary>An .ipynb file (nbformat 4.5), read and written so that a run changes nothing but its outputs.</summary>
internal sealed class Notebook
{
    // What Jupyter itself writes: one space, sorted keys, nothing escaped that need not be.
    private static readonly JsonWriterOptions Format = new()
    {
        Indented = true,
        IndentSize = 1,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly JsonObject _json;

    private Notebook(string path, JsonObject json)
    {
        (Path, _json) = (path, json);
        Cells = [.. json["cells"]!.AsArray().Select(cell => new Cell(cell!.AsObject()))];
    }

    public string Path { get; }

    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public string Folder => System.IO.Path.GetDirectoryName(Path)!;

    public IReadOnlyList<Cell> Cells { get; }

    public IEnumerable<Cell> CodeCells => Cells.Where(cell => cell.IsCode);

    /// <summary>Where the solution of its exercise is, if it has one.</summary>
    public string SolutionPath => System.IO.Path.Combine(Folder, "solutions", Name + ".csx");

    /// <summary>The fingerprint of the code that made the outputs; null if there are none.</summary>
    public string? OutputsMadeBy
    {
        get => (string?)_json["metadata"]?["distributed_mutex"]?["outputs_made_by"];
        private set => _json["metadata"] = NotebookMetadata.With(value);
    }

    public static Notebook Read(string path) =>
        new(System.IO.Path.GetFullPath(path), JsonNode.Parse(File.ReadAllText(path))!.AsObject());

    /// <summary>Takes the outputs of a run of its present code.</summary>
    public void Fill(IReadOnlyDictionary<Cell, IReadOnlyList<Output>> outputs)
    {
        var normalized = new Normalized(this);
        foreach (var (cell, index) in CodeCells.Select((cell, index) => (cell, index)))
        {
            cell.Fill(index + 1, outputs[cell].Select(output => normalized.Of(output).ToJson(index + 1)));
        }

        OutputsMadeBy = Fingerprint.Of(this);
    }

    /// <summary>Writes the file in its usual form.</summary>
    public void Write() => File.WriteAllText(Path, Tidied());

    /// <summary>Its text in the form that all notebooks here have, whatever editor saved it last.</summary>
    public string Tidied()
    {
        _json["metadata"] = NotebookMetadata.With(OutputsMadeBy);
        (_json["nbformat"], _json["nbformat_minor"]) = (4, 5);
        foreach (var cell in Cells)
        {
            cell.Tidy();
        }

        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Format))
        {
            Sorted(_json)!.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject item => new JsonObject(item.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => KeyValuePair.Create(pair.Key, Sorted(pair.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
