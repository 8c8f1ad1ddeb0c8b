using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace DistributedMutex.Workshop;

/// <summary>A server of our own on 127.0.0.1 and a free port, with no data on disk; it ends when this object is disposed.</summary>
internal sealed class PrivateServer : IDisposable
{
    private const int LinesToRemember = 20;

    private readonly Process _process;

    private PrivateServer(ServerKind kind, int port, Process process) => (Kind, Port, _process) = (kind, port, process);

    public ServerKind Kind { get; }

    public int Port { get; }

    public int ProcessId => _process.Id;

    /// <summary>Starts a server and waits until it takes connections.</summary>
    /// <exception cref="InvalidOperationException">It ended before; the message holds what it said.</exception>
    public static async Task<PrivateServer> StartAsync(ServerKind kind, IEnumerable<string> moreArguments, CancellationToken cancellationToken)
    {
        for (var triesLeft = 2; ; triesLeft--)
        {
            try
            {
                return await StartAsync(kind, FindFreePort(), moreArguments, cancellationToken).ConfigureAwait(false);
            }
            catch (InvalidOperationException e) when (triesLeft > 0 && e.Message.Contains("in use", StringComparison.OrdinalIgnoreCase))
            {
                // Between our look and its start, somebody else may have taken the port.
            }
        }
    }

    /// <summary>As above, on a given port.</summary>
    public static async Task<PrivateServer> StartAsync(ServerKind kind, int port, IEnumerable<string> moreArguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(
            kind.FileName, [.. kind.Arguments, "--port", port.ToString(CultureInfo.InvariantCulture), .. moreArguments])
        {
            // Garnet is a tool that NuGet brings: a nuget.config above the clone says from where.
            WorkingDirectory = Clone.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var said = new ConcurrentQueue<string>();
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        var server = new PrivateServer(kind, port, process);
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"{kind.Name} cannot be started: {e.Message}.", e);
        }

        try
        {
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            var ended = process.WaitForExitAsync(cancellationToken);
            if (await Task.WhenAny(ready.Task, ended).ConfigureAwait(false) == ended)
            {
                await ended.ConfigureAwait(false);
                throw new InvalidOperationException($"{kind.Name} ended with {process.ExitCode} before it took connections:{Environment.NewLine}{string.Join(Environment.NewLine, said)}");
            }

            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }

        void Hear(string? line)
        {
            if (line is null || ready.Task.IsCompleted)
            {
                return;
            }

            said.Enqueue(line);
            if (said.Count > LinesToRemember)
            {
                said.TryDequeue(out _);
            }

            if (line.Contains(kind.ReadyText, StringComparison.Ordinal))
            {
                ready.TrySetResult();
            }
        }
    }

    public Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    public void Dispose()
    {
        try
        {
            // The whole tree: a .NET tool runs in a child of "dotnet tool exec".
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }
        catch (Exception e) when (e is InvalidOperationException or AggregateException or Win32Exception)
        {
            // It never started or is gone, or a part of its tree is.
        }

        _process.Dispose();
    }

    internal static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
