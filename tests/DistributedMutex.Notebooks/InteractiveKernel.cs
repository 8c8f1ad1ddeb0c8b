using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.CSharp;
using Microsoft.DotNet.Interactive.Events;
using Microsoft.DotNet.Interactive.Formatting;

namespace DistributedMutex.Notebooks;

/// <summary>The kernel that runs in Jupyter and in Polyglot Notebooks. Its folder is the process's.</summary>
internal sealed class InteractiveKernel : IDisposable
{
    private readonly CompositeKernel _kernel = new() { new CSharpKernel().UseKernelHelpers().UseWho().UseValueSharing() };

    /// <summary>Runs a cell, which sees what the earlier ones have declared. Its outputs are those that Jupyter would show.</summary>
    public async Task<IReadOnlyList<Output>> RunAsync(string code)
    {
        var result = await _kernel.SendAsync(new SubmitCode(code, "csharp")).ConfigureAwait(false);
        return Output.Joined(result.Events.Select(Shown).OfType<Output>());
    }

    public void Dispose() => _kernel.Dispose();

    private static Output? Shown(KernelEvent told) => told switch
    {
        StandardOutputValueProduced printed => new Output.Stream(Output.Stream.Plain, Text(printed.FormattedValues)),
        StandardErrorValueProduced printed => new Output.Stream(Output.Stream.Red, Text(printed.FormattedValues)),
        ErrorProduced error => new Output.Stream(Output.Stream.Red, error.Message),
        DiagnosticsProduced { FormattedDiagnostics.Count: > 0 } compiler => new Output.Stream(Output.Stream.Red, Text(compiler.FormattedDiagnostics)),
        DisplayedValueProduced value => new Output.Value(Output.Value.Displayed, Data(value)),
        ReturnValueProduced value => new Output.Value(Output.Value.Returned, Data(value)),
        CommandFailed { Exception: { } exception } and not { Exception: CodeSubmissionCompilationErrorException } => new Output.Error(exception.GetType().Name, exception.Message),
        CommandFailed failed => new Output.Error(nameof(CommandFailed), failed.Message),
        _ => null,
    };

    private static string Text(IEnumerable<FormattedValue> values) => string.Join('\n', values.Select(value => value.Value));

    private static Dictionary<string, string> Data(DisplayEvent shown) => shown.FormattedValues.ToDictionary(value => value.MimeType, value => value.Value);
}
