using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace DistributedMutex.Tests.Processes;

/// <summary>A process that a test starts, listens to, and ends as it likes.</summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly StringBuilder _said = new();
    private readonly List<(string Text, TaskCompletionSource<string> Heard)> _awaited = [];

    private ChildProcess(ProcessStartInfo start)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.StandardOutputEncoding = start.StandardErrorEncoding = Encoding.UTF8;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public static int StopSignal => OperatingSystem.IsMacOS() ? 17 : 19;

    public static int ContinueSignal => OperatingSystem.IsMacOS() ? 19 : 18;

    public string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }
    }

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
    public void Interrupt() => Signal(_process.Id, 2);

    /// <summary>Stops it where it is, as a debugger or a paused machine does.</summary>
    public void Stop() => Signal(_process.Id, StopSignal);

    public void Continue() => Signal(_process.Id, ContinueSignal);

    public static void Signal(int process, int signal) => Assert.Equal(0, SendSignal(process, signal));

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

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int process, int signal);

    private void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_said)
        {
            _said.Append(line).Append('\n');
            foreach (var awaited in _awaited.Where(awaited => line.Contains(awaited.Text, StringComparison.Ordinal)))
            {
                awaited.Heard.TrySetResult(line);
            }
        }
    }
}
