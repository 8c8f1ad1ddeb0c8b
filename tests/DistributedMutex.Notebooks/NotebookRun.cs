namespace DistributedMutex.Notebooks;

/// <summary>Runs a notebook from its first cell to its last, and says what is not as it should be.</summary>
internal sealed class NotebookRun(Notebook notebook)
{
    private const string CheckFailed = "CheckFailedException";

    private readonly List<string> _faults = [];
    private readonly Dictionary<Cell, IReadOnlyList<Output>> _outputs = [];
    private ScriptingKernel? _beforeExercise;

    /// <summary>What went wrong, one line each; empty if all is well.</summary>
    public IReadOnlyList<string> Faults => _faults;

    public IReadOnlyDictionary<Cell, IReadOnlyList<Output>> Outputs => _outputs;

    /// <summary>Runs the notebook as it is: its checks fail, where they are meant to, because nobody has done the exercise yet.</summary>
    public async Task RunAsync(ICellKernel kernel)
    {
        foreach (var cell in notebook.CodeCells)
        {
            if (cell.Has(Cell.Exercise))
            {
                _beforeExercise = (kernel as ScriptingKernel)?.Fork();
            }

            _outputs[cell] = await kernel.RunAsync(cell.Source).ConfigureAwait(false);
            Judge(cell, cell.Id!, _outputs[cell], mustFail: cell.Has(Cell.RaisesException));
        }
    }

    /// <summary>Runs the solution in the exercise's place, and the checks after it, all of which must pass.</summary>
    public async Task RunSolutionAsync()
    {
        if (_beforeExercise is not { } kernel)
        {
            return;
        }

        var exercise = notebook.CodeCells.Single(cell => cell.Has(Cell.Exercise));
        var solved = await kernel.RunAsync(await File.ReadAllTextAsync(notebook.SolutionPath).ConfigureAwait(false)).ConfigureAwait(false);
        Judge(exercise, "the solution", solved, mustFail: false);
        foreach (var check in notebook.CodeCells.SkipWhile(cell => cell != exercise).Where(cell => cell.Has(Cell.Check)))
        {
            Judge(check, $"{check.Id} with the solution", await kernel.RunAsync(check.Source).ConfigureAwait(false), mustFail: false);
        }
    }

    private void Judge(Cell cell, string name, IReadOnlyList<Output> outputs, bool mustFail)
    {
        var error = outputs.OfType<Output.Error>().LastOrDefault(one => one.Name == CheckFailed) ?? outputs.OfType<Output.Error>().LastOrDefault();
        if (mustFail && error is null)
        {
            _faults.Add($"{notebook.Name}, cell {name}: it is tagged {Cell.RaisesException} and did not fail");
        }
        else if (error is not null && !mustFail)
        {
            _faults.Add($"{notebook.Name}, cell {name}: {error.Name}: {error.Message}");
        }
        else if (error is { Name: not CheckFailed } && cell.Has(Cell.Check))
        {
            _faults.Add($"{notebook.Name}, cell {name}: a check failed with something else than its own exception: {error.Name}: {error.Message}");
        }
    }
}
