using System.ComponentModel;
using System.Text.RegularExpressions;

namespace DistributedMutex.Notebooks;

/// <summary>Runs a notebook from its first cell to its last, and says what is not as it should be.</summary>
internal sealed partial class NotebookRun(Notebook notebook)
{
    private readonly List<string> _faults = [];
    private readonly Dictionary<Cell, IReadOnlyList<Output>> _outputs = [];

    /// <summary>What went wrong, one line each; empty if all is well.</summary>
    public IReadOnlyList<string> Faults => _faults;

    public IReadOnlyDictionary<Cell, IReadOnlyList<Output>> Outputs => _outputs;

    /// <summary>Runs the notebook as it is: its checks fail, where they are meant to, because nobody has done the exercise yet.</summary>
    public async Task RunAsync(InteractiveKernel kernel)
    {
        foreach (var cell in notebook.CodeCells)
        {
            Take(cell, await kernel.RunAsync(cell.Source).ConfigureAwait(false));
        }
    }

    /// <summary>Then does what a learner does: puts the solution in the place of the exercises, and runs the checks again, all of which must pass now.</summary>
    public async Task RunSolutionAsync(InteractiveKernel kernel)
    {
        if (notebook.CodeCells.FirstOrDefault(cell => cell.Has(Cell.Exercise)) is not { } exercise)
        {
            return;
        }

        var solution = await File.ReadAllTextAsync(notebook.SolutionPath).ConfigureAwait(false);
        Judge(exercise, "the solution", await kernel.RunAsync(solution).ConfigureAwait(false), mustFail: false);
        foreach (var check in notebook.CodeCells.SkipWhile(cell => cell != exercise).Where(cell => cell.Has(Cell.Check)))
        {
            Judge(check, $"{check.Id} with the solution", await kernel.RunAsync(check.Source).ConfigureAwait(false), mustFail: false);
        }
    }

    /// <summary>Runs the notebook in Jupyter, which shows a learner what no kernel alone does.</summary>
    public async Task RunInJupyterAsync()
    {
        try
        {
            var executed = (await Jupyter.ExecuteAsync(notebook).ConfigureAwait(false)).Cells.ToDictionary(cell => cell.Id!);
            foreach (var cell in notebook.CodeCells)
            {
                Take(cell, Output.Joined(executed[cell.Id!].Outputs.Select(output => Output.Of(output!))));
            }
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            _faults.Add($"{notebook.Name}: {e.Message}");
        }
    }

    private void Take(Cell cell, IReadOnlyList<Output> outputs)
    {
        _outputs[cell] = outputs;
        Judge(cell, cell.Id!, outputs, mustFail: cell.Has(Cell.RaisesException));
    }

    private void Judge(Cell cell, string name, IReadOnlyList<Output> outputs, bool mustFail)
    {
        var error = outputs.OfType<Output.Error>().LastOrDefault();
        var red = outputs.OfType<Output.Stream>().FirstOrDefault(stream => stream.Name == Output.Stream.Red);
        var fault = (error, red) switch
        {
            (not null, _) when !mustFail => $"{error.Name}: {error.Message}",
            (null, _) when mustFail => $"it is tagged {Cell.RaisesException} and did not fail",
            (not null, _) when cell.Has(Cell.Check) && !Answer().IsMatch(error.Message) => $"a check failed with something else than its own exception: {error.Name}: {error.Message}",
            (_, not null) => $"it prints in red: {red.Text.Trim()}",
            _ => null,
        };
        if (fault is not null)
        {
            _faults.Add($"{notebook.Name}, cell {name}: {fault}");
        }
    }

    // What a check says to the learner, and no stack after it.
    [GeneratedRegex(@"\ANot yet: [^\0]*\nHint: (?![^\0]*\n +at )")]
    private static partial Regex Answer();
}
