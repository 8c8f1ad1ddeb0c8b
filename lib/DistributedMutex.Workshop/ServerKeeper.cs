using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Text;

namespace DistributedMutex.Workshop;

/// <summary>
/// Keeps one private server for all scripts and notebooks of a clone, in a process of its own. Each of them holds a pipe
/// to it for as long as it lives; the system closes the pipe however the process ends, kill -9 included. When the last
/// pipe has been closed for a while, the server and the keeper end.
/// </summary>
internal static class ServerKeeper
{
    /// <summary>Long enough for the next script of a learner's session, short enough that nothing is left behind.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromSeconds(10);

    // Garnet may have to be downloaded first.
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan JoinTimeout = TimeSpan.FromMilliseconds(100);

    private static readonly string PipeName = "distributed-mutex-" + Clone.Id;

    /// <summary>Joins the users of the clone's private server; null if there is none. The server lives while the pipe is open.</summary>
    public static (NamedPipeClientStream Pipe, string Kind, int Port)? TryJoin()
    {
        var pipe = new NamedPipeClientStream(".", PipeName, PipeDirection.InOut, PipeOptions.CurrentUserOnly | PipeOptions.Asynchronous);
        try
        {
            pipe.Connect(JoinTimeout);
            var hello = new StreamReader(pipe).ReadLine()?.Split('|');
            if (hello is [var kind, var port])
            {
                return (pipe, kind, int.Parse(port, CultureInfo.InvariantCulture));
            }
        }
        catch (Exception e) when (e is TimeoutException or IOException)
        {
            // There is no keeper, or it is just leaving.
        }

        pipe.Dispose();
        return null;
    }

    /// <summary>Starts a keeper with a server of the kind; returns when it takes connections.</summary>
    /// <exception cref="InvalidOperationException">The server could not be started; the message says why.</exception>
    public static void Start(ServerKind kind)
    {
        // All three streams are redirected: one that the keeper inherited would stay open after the script has ended,
        // and whoever reads the script's output would wait for the keeper.
        var start = new ProcessStartInfo(ServerKind.Garnet.FileName, [Clone.WorkshopPath, "keep-server", kind.Name])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
        };
        using var keeper = Process.Start(start)!;
        var answer = keeper.StandardOutput.ReadLine();
        if (answer != "ready")
        {
            throw new InvalidOperationException($"{answer}{Environment.NewLine}{keeper.StandardOutput.ReadToEnd()}{keeper.StandardError.ReadToEnd()}".Trim());
        }
    }

    /// <summary>What the keeper's process does: keeps a server of the named kind until nobody uses it any more.</summary>
    public static async Task<int> RunAsync(string kindName)
    {
        LeaveTerminal();
        var kind = kindName == ServerKind.RedisServer ? ServerKind.FindRedis() : ServerKind.Garnet;
        try
        {
            using var starting = new CancellationTokenSource(StartTimeout);
            using var server = await PrivateServer.StartAsync(kind!, [], starting.Token).ConfigureAwait(false);
            var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var terminated = EndOn(PosixSignal.SIGTERM);
            using var hungUp = EndOn(PosixSignal.SIGHUP);
            using var interrupted = EndOn(PosixSignal.SIGINT);
            var keeping = KeepAsync($"{server.Kind.Name}|{server.Port}");
            await Console.Out.WriteLineAsync("ready").ConfigureAwait(false);
            await Task.WhenAny(keeping, told.Task, server.WaitForExitAsync(CancellationToken.None)).ConfigureAwait(false);
            return 0;

            PosixSignalRegistration EndOn(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
            {
                // Not before the server has ended.
                context.Cancel = true;
                told.TrySetResult();
            });
        }
        catch (Exception e) when (e is InvalidOperationException or OperationCanceledException)
        {
            await Console.Out.WriteLineAsync(e.Message).ConfigureAwait(false);
            return 1;
        }
    }

    /// <summary>Greets whoever joins; completes when nobody has been there for <see cref="Linger"/>.</summary>
    private static async Task KeepAsync(string hello)
    {
        var gate = new Lock();
        var users = 0;
        var abandoned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var idle = new Timer(_ => EndIfAlone(), null, Linger, Timeout.InfiniteTimeSpan);
        await (await Task.WhenAny(abandoned.Task, AcceptAsync()).ConfigureAwait(false)).ConfigureAwait(false);

        async Task AcceptAsync()
        {
            while (true)
            {
                var pipe = new NamedPipeServerStream(
                    PipeName,
                    PipeDirection.InOut,
                    NamedPipeServerStream.MaxAllowedServerInstances,
                    PipeTransmissionMode.Byte,
                    PipeOptions.CurrentUserOnly | PipeOptions.Asynchronous);
                await pipe.WaitForConnectionAsync().ConfigureAwait(false);
                _ = ServeAsync(pipe);
            }
        }

        async Task ServeAsync(NamedPipeServerStream pipe)
        {
            if (!TryCount(1))
            {
                await pipe.DisposeAsync().ConfigureAwait(false);
                return;
            }

            try
            {
                await pipe.WriteAsync(Encoding.UTF8.GetBytes(hello + "\n")).ConfigureAwait(false);

                // A user never says anything: this ends when the user does.
                await pipe.ReadAsync(new byte[1]).ConfigureAwait(false);
            }
            catch (IOException)
            {
                // It ended before it was greeted.
            }
            finally
            {
                await pipe.DisposeAsync().ConfigureAwait(false);
                TryCount(-1);
            }
        }

        // False once the end has begun: who comes then must not be sent to a server that is about to go.
        bool TryCount(int more)
        {
            lock (gate)
            {
                if (abandoned.Task.IsCompleted)
                {
                    return false;
                }

                users += more;
                idle.Change(users == 0 ? Linger : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                return true;
            }
        }

        void EndIfAlone()
        {
            lock (gate)
            {
                if (users == 0)
                {
                    abandoned.TrySetResult();
                }
            }
        }
    }

    // Ctrl-C in a terminal goes to all of its processes; the server belongs to the scripts in other terminals as well.
    private static void LeaveTerminal()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SetSessionId();
        }
    }

    [DllImport("libc", EntryPoint = "setsid")]
    private static extern int SetSessionId();
}
