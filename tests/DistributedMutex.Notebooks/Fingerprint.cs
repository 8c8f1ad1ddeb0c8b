using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace DistributedMutex.Notebooks;

/// <summary>Says whether a notebook's outputs are those of its present code: all of its cells, and the files that they load.</summary>
internal static partial class Fingerprint
{
    public static string Of(Notebook notebook)
    {
        var code = new StringBuilder();
        foreach (var cell in notebook.CodeCells)
        {
            Add(code, cell.Source, notebook.Folder);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(code.ToString())))[..16];
    }

    private static void Add(StringBuilder code, string text, string folder)
    {
        code.Append(text.ReplaceLineEndings("\n")).Append('\0');
        foreach (Match load in Load().Matches(text))
        {
            var file = Path.GetFullPath(Path.Combine(folder, load.Groups["file"].Value));

            // What the build makes is another on each machine.
            if (!file.Split(Path.DirectorySeparatorChar).Contains("bin"))
            {
                Add(code, File.ReadAllText(file), Path.GetDirectoryName(file)!);
            }
        }
    }

    [GeneratedRegex("""^\s*#load\s+"(?<file>[^"]+)""", RegexOptions.Multiline)]
    private static partial Regex Load();
}
