using System.Diagnostics;
using System.Text;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Processes;

/// <summary>A process that a test starts, listens to, and ends as it likes.</summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly StringBuilder _said = new();
    private readonly StringBuilder _printed = new();
    private readonly List<(string Text, TaskCompletionSource<string> Heard)> _awaited = [];

    private ChildProcess(ProcessStartInfo start)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.StandardOutputEncoding = start.StandardErrorEncoding = Encoding.UTF8;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Hear(line.Data, isPrinted: true);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data, isPrinted: false);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>All that it has said, on both streams, which may overtake each other.</summary>
    public string Said => Read(_said);

    /// <summary>What it has said on its standard output.</summary>
    public string Printed => Read(_printed);

    /// <summary>Runs DistributedMutex.TestProcess in a folder, with no REDIS_ variable but the given ones.</summary>
    public static ChildProcess StartTestProcess(string folder, string[] arguments, params (string Name, string? Value)[] environment) =>
        Start(folder, "dotnet", [Path.Combine(AppContext.BaseDirectory, "DistributedMutex.TestProcess.dll"), .. arguments], environment);

    /// <summary>Runs DistributedMutex.Notebooks likewise.</summary>
    public static ChildProcess StartNotebooks(string folder, string[] arguments) =>
        Start(folder, "dotnet", [Path.Combine(AppContext.BaseDirectory, "DistributedMutex.Notebooks.dll"), .. arguments]);

    public static ChildProcess Start(string folder, string file, IEnumerable<string> arguments, params (string Name, string? Value)[] environment)
    {
        var start = new ProcessStartInfo(file, arguments) { WorkingDirectory = folder };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("REDIS_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        // Nobody's progress in the lessons is that of the tests.
        start.Environment[Progress.Variable] = "off";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new ChildProcess(start);
    }

    /// <summary>The first line, said or still to be said, that contains the text; fails if the process ends without it.</summary>
    public async Task<string> HearAsync(string text)
    {
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_said)
        {
            if (_said.ToString().Split('\n').FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } line)
            {
                return line;
            }

            _awaited.Add((text, heard));
        }

        var ended = ExitAsync();
        return await Task.WhenAny(heard.Task, ended) == heard.Task || heard.Task.IsCompleted
            ? await heard.Task
            : throw new InvalidOperationException($"It ended with {await ended} and never said \"{text}\":\n{Said}");
    }

    /// <summary>Waits for its end and all of its output.</summary>
    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    /// <summary>kill -9 of this one process, not of its children.</summary>
    public void Kill() => _process.Kill();

    /// <summary>What Ctrl-C sends.</summary>
    public Task InterruptAsync() => ProcessSignal.SendAsync(_process.Id, "INT");

    /// <summary>Stops it where it is, as a debugger or a paused machine does.</summary>
    public Task StopAsync() => ProcessSignal.StopAsync(_process.Id);

    public Task ContinueAsync() => ProcessSignal.ContinueAsync(_process.Id);

    public void CloseInput() => _process.StandardInput.Close();

    public void Dispose()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }

        _process.Dispose();
    }

    private string Read(StringBuilder text)
    {
        lock (_said)
        {
            return text.ToString();
        }
    }

    private void Hear(string? line, bool isPrinted)
    {
        if (line is null)
        {
            return;
        }

        lock (_said)
        {
            _said.Append(line).Append('\n');
            if (isPrinted)
            {
                _printed.Append(line).Append('\n');
            }

            foreach (var awaited in _awaited.Where(awaited => line.Contains(awaited.Text, StringComparison.Ordinal)))
            {
                awaited.Heard.TrySetResult(line);
            }
        }
    }
}
