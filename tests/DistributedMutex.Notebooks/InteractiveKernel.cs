using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.CSharp;
using Microsoft.DotNet.Interactive.Events;

namespace DistributedMutex.Notebooks;

/// <summary>The kernel that runs in Jupyter and in Polyglot Notebooks, where the package feed has it. The working directory is the process's.</summary>
internal sealed class InteractiveKernel : ICellKernel, IDisposable
{
    private readonly CompositeKernel _kernel = new() { new CSharpKernel().UseKernelHelpers().UseWho().UseValueSharing() };

    public async Task<IReadOnlyList<Output>> RunAsync(string code)
    {
        var result = await _kernel.SendAsync(new SubmitCode(code, "csharp")).ConfigureAwait(false);
        var outputs = new List<Output>();
        foreach (var told in result.Events)
        {
            switch (told)
            {
                case StandardOutputValueProduced printed:
                    outputs.Add(new Output.Stream("stdout", string.Concat(printed.FormattedValues.Select(value => value.Value))));
                    break;

                case ReturnValueProduced value:
                    outputs.Add(new Output.Value(value.FormattedValues.ToDictionary(one => one.MimeType, one => one.Value)));
                    break;

                // Either alone is a failure.
                case CommandFailed failed:
                    outputs.Add(new Output.Error(failed.Exception?.GetType().Name ?? nameof(CommandFailed), failed.Message));
                    break;

                case ErrorProduced error:
                    outputs.Add(new Output.Error(nameof(ErrorProduced), error.Message));
                    break;
            }
        }

        return outputs;
    }

    public void Dispose() => _kernel.Dispose();
}
