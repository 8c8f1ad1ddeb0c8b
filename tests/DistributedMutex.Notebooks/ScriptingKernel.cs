using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;

namespace DistributedMutex.Notebooks;

/// <summary>The Roslyn scripting engine, which is also inside the notebooks' usual kernel, with that kernel's defaults.</summary>
internal sealed class ScriptingKernel(string folder) : ICellKernel
{
    private readonly ScriptOptions _options = ScriptOptions.Default
        .WithImports("System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Linq", "System.Threading.Tasks")
        .WithReferences(((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(file => Path.GetFileName(file).StartsWith("System.", StringComparison.Ordinal) || Path.GetFileName(file) is "netstandard.dll" or "mscorlib.dll")
            .Select(file => MetadataReference.CreateFromFile(file)))
        .WithLanguageVersion(Microsoft.CodeAnalysis.CSharp.LanguageVersion.Latest)
        .WithSourceResolver(new SourceFileResolver([], folder))
        .WithMetadataResolver(ScriptMetadataResolver.Default.WithBaseDirectory(folder));

    private ScriptState<object>? _state;

    private ScriptingKernel(string folder, ScriptState<object>? state)
        : this(folder) => _state = state;

    /// <summary>A kernel that goes on from here by another way.</summary>
    public ScriptingKernel Fork() => new(folder, _state);

    public async Task<IReadOnlyList<Output>> RunAsync(string code)
    {
        using var printed = new PrintedText();
        Output? last = null;
        try
        {
            _state = _state is null
                ? await CSharpScript.RunAsync(code, _options).ConfigureAwait(false)
                : await _state.ContinueWithAsync(code, _options).ConfigureAwait(false);
            last = _state.ReturnValue is { } value ? FormattedValue.Of(value) : null;
        }
        catch (CompilationErrorException e)
        {
            last = new Output.Error("CompilationError", string.Join('\n', e.Diagnostics));
        }
        catch (Exception e)
        {
            last = new Output.Error(e.GetType().Name, e.Message);
        }

        return [.. printed.Take(), .. last is null ? Array.Empty<Output>() : [last]];
    }
}
