using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace DistributedMutex.Tests.Servers;

/// <summary>A network between a client on this machine and a server: it can be slow, lose replies, hold them back, or break.</summary>
public sealed class TcpProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private RedisSettings _target;
    private readonly ConcurrentDictionary<Socket, byte> _sockets = new();
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource _replies = Released();
    private string? _cutBefore;

    public TcpProxy(RedisSettings target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>The server's settings, by way of this proxy.</summary>
    public RedisSettings Settings => _target with { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port };

    /// <summary>How long every byte takes, each way.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>While true, what the server says is thrown away.</summary>
    public bool SwallowReplies { get; set; }

    /// <summary>While true, connections are refused.</summary>
    public bool Refuse { get; set; }

    /// <summary>Keeps what the server says from now on until <see cref="ReleaseReplies"/>.</summary>
    public void HoldReplies() => Volatile.Write(ref _replies, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    public void ReleaseReplies() => Volatile.Read(ref _replies).TrySetResult();

    /// <summary>Leads to another server from now on, and breaks all connections, as an address does that moves after a failover.</summary>
    public void MoveTo(RedisSettings target)
    {
        Volatile.Write(ref _target, target);
        Cut();
    }

    /// <summary>Breaks the connection on which the next request arrives that contains the text; the server does not hear of it.</summary>
    public void CutBefore(string text) => Volatile.Write(ref _cutBefore, text);

    /// <summary>Whether that request is still to come.</summary>
    public bool WillCut => Volatile.Read(ref _cutBefore) is not null;

    /// <summary>Breaks all connections.</summary>
    public void Cut()
    {
        foreach (var socket in _sockets.Keys)
        {
            socket.Dispose();
            _sockets.TryRemove(socket, out _);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        ReleaseReplies();
        Cut();
        _stop.Dispose();
    }

    private static TaskCompletionSource Released()
    {
        var released = new TaskCompletionSource();
        released.SetResult();
        return released;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_stop.Token);
                if (Refuse)
                {
                    client.Dispose();
                    continue;
                }

                var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                client.NoDelay = true;
                _sockets[client] = _sockets[server] = 0;
                try
                {
                    await server.ConnectAsync(_target.Host, _target.Port);
                }
                catch (SocketException)
                {
                    client.Dispose();
                    continue;
                }

                _ = ForwardAsync(client, server, isReply: false);
                _ = ForwardAsync(server, client, isReply: true);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task ForwardAsync(Socket from, Socket to, bool isReply)
    {
        var way = Channel.CreateUnbounded<(byte[] Data, long Arrived)>();
        var delivering = DeliverAsync(to, isReply, way.Reader);
        try
        {
            var buffer = new byte[65536];
            for (int count; (count = await from.ReceiveAsync(buffer)) > 0;)
            {
                if (!isReply && IsToBeCut(buffer.AsSpan(0, count)))
                {
                    break;
                }

                if (!(isReply && SwallowReplies))
                {
                    way.Writer.TryWrite((buffer[..count], TimeProvider.System.GetTimestamp()));
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut.
        }

        way.Writer.Complete();
        await delivering;
        from.Dispose();
        to.Dispose();
    }

    private bool IsToBeCut(ReadOnlySpan<byte> request)
    {
        var text = Volatile.Read(ref _cutBefore);
        return text is not null && Encoding.UTF8.GetString(request).Contains(text, StringComparison.Ordinal)
            && Interlocked.CompareExchange(ref _cutBefore, null, text) == text;
    }

    private async Task DeliverAsync(Socket to, bool isReply, ChannelReader<(byte[] Data, long Arrived)> way)
    {
        try
        {
            await foreach (var (data, arrived) in way.ReadAllAsync())
            {
                if (isReply)
                {
                    await Volatile.Read(ref _replies).Task;
                }

                var left = Delay - TimeProvider.System.GetElapsedTime(arrived);
                if (left > TimeSpan.Zero)
                {
                    await Task.Delay(left);
                }

                await to.SendAsync(data);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut.
        }
    }
}
