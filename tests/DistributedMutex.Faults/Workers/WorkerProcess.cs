using System.Diagnostics;
using DistributedMutex.Workshop;

namespace DistributedMutex.Faults.Workers;

/// <summary>A process that writes a history until its standard input ends, or somebody kills it.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private const int LinesToRemember = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly Queue<string> _complaints = new();

    private WorkerProcess(string name, Process process) => (Name, _process) = (name, process);

    public string Name { get; }

    public int Id => _process.Id;

    public bool IsGone => _process.HasExited;

    /// <summary>Whether it was killed on purpose.</summary>
    public bool IsKilled { get; private set; }

    public static WorkerProcess Start(string name, string program, params IEnumerable<string> arguments)
    {
        var process = new Process { StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardError = true } };
        var worker = new WorkerProcess(name, process);
        process.ErrorDataReceived += (_, line) => worker.Hear(line.Data);
        process.Start();
        process.BeginErrorReadLine();
        return worker;
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        IsKilled = true;
        _process.Kill();
    }

    public Task StopAsync() => ProcessSignal.StopAsync(Id);

    public Task ContinueAsync() => IsGone ? Task.CompletedTask : ProcessSignal.ContinueAsync(Id);

    /// <summary>Lets it finish; null, or what it had to say if it did not end well.</summary>
    public async Task<string?> EndAsync()
    {
        using var end = new CancellationTokenSource(Patience);
        try
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync(end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Kill();
            return $"did not end within {Patience.TotalSeconds} s";
        }
        catch (IOException)
        {
            // It is gone.
        }

        lock (_complaints)
        {
            return IsKilled || _process.ExitCode == 0 ? null : $"ended with {_process.ExitCode}: {string.Join(' ', _complaints)}";
        }
    }

    public void Dispose()
    {
        if (!IsGone)
        {
            Kill();
        }

        _process.Dispose();
    }

    private void Hear(string? line)
    {
        lock (_complaints)
        {
            if (line is not null && _complaints.Count < LinesToRemember)
            {
                _complaints.Enqueue(line);
            }
        }
    }
}
