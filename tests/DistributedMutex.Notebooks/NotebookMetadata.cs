using System.Text.Json.Nodes;

namespace DistributedMutex.Notebooks;

/// <summary>What a notebook says of itself, so that Jupyter, VS Code and Polyglot Notebooks all open it with the C# kernel.</summary>
internal static class NotebookMetadata
{
    public static JsonObject With(string? outputsMadeBy) => new()
    {
        ["distributed_mutex"] = new JsonObject { ["outputs_made_by"] = outputsMadeBy },
        ["kernelspec"] = new JsonObject { ["display_name"] = ".NET (C#)", ["language"] = "C#", ["name"] = ".net-csharp" },
        ["language_info"] = new JsonObject { ["name"] = "polyglot-notebook" },
        ["polyglot_notebook"] = new JsonObject
        {
            ["kernelInfo"] = new JsonObject
            {
                ["defaultKernelName"] = "csharp",
                ["items"] = new JsonArray(new JsonObject { ["aliases"] = new JsonArray(), ["name"] = "csharp" }),
            },
        },
    };
}
