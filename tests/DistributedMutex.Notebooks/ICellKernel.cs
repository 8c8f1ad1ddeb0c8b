namespace DistributedMutex.Notebooks;

/// <summary>Runs cells one after the other; each sees what the earlier ones have declared.</summary>
internal interface ICellKernel
{
    /// <summary>Runs a cell. One that fails has an <see cref="Output.Error"/> as its last output.</summary>
    Task<IReadOnlyList<Output>> RunAsync(string code);
}
