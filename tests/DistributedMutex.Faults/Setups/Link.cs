using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace DistributedMutex.Faults.Setups;

/// <summary>A network between one worker and a server: it can be slow, deaf one way or both, or break.</summary>
internal sealed class Link : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly ConcurrentDictionary<Socket, byte> _sockets = new();
    private readonly CancellationTokenSource _stop = new();

    public Link(int target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How long every byte takes, each way.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>While true, what the server says is thrown away.</summary>
    public bool SwallowsReplies { get; set; }

    /// <summary>While true, what the worker says is thrown away.</summary>
    public bool SwallowsRequests { get; set; }

    /// <summary>While true, what the server says is kept, and delivered late when it is no more.</summary>
    public bool HoldsReplies { get; set; }

    /// <summary>While true, connections are refused.</summary>
    public bool Refuses { get; set; }

    /// <summary>Breaks all connections.</summary>
    public void Cut()
    {
        foreach (var socket in _sockets.Keys)
        {
            _sockets.TryRemove(socket, out _);
            socket.Dispose();
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        Cut();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ConnectAsync(await _listener.AcceptSocketAsync(_stop.Token).ConfigureAwait(false));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task ConnectAsync(Socket worker)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (worker)
        {
            try
            {
                if (Refuses)
                {
                    return;
                }

                worker.NoDelay = true;
                _sockets[worker] = _sockets[server] = 0;
                await server.ConnectAsync(IPAddress.Loopback, _target).ConfigureAwait(false);
                await Task.WhenAny(
                    ForwardAsync(worker, server, isReply: false),
                    ForwardAsync(server, worker, isReply: true)).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Cut, or the server is away.
            }
            finally
            {
                _sockets.TryRemove(worker, out _);
                _sockets.TryRemove(server, out _);
            }
        }
    }

    private async Task ForwardAsync(Socket from, Socket to, bool isReply)
    {
        try
        {
            var buffer = new byte[65536];
            for (int count; (count = await from.ReceiveAsync(buffer).ConfigureAwait(false)) > 0;)
            {
                while (isReply && HoldsReplies)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(5)).ConfigureAwait(false);
                }

                // Read at the same time as written: what comes meanwhile is late by the same delay, or by less than twice that.
                if (Delay > TimeSpan.Zero)
                {
                    await Task.Delay(Delay).ConfigureAwait(false);
                }

                if (!(isReply ? SwallowsReplies : SwallowsRequests))
                {
                    await to.SendAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut.
        }
    }
}
