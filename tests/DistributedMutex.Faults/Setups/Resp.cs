using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DistributedMutex.Faults.Setups;

/// <summary>A server answered with an error.</summary>
internal sealed class RespException(string message) : Exception(message);

/// <summary>
/// A connection to one server that does no more than it is told. A client library would follow redirections, connect
/// anew and ask things of its own, which an operator who breaks a server does not want.
/// </summary>
internal sealed class Resp : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly TcpClient _client;
    private readonly BufferedStream _stream;

    private Resp(TcpClient client) => (_client, _stream) = (client, new BufferedStream(client.GetStream()));

    public static async Task<Resp> ConnectAsync(int port)
    {
        var client = new TcpClient { NoDelay = true };
        try
        {
            using var end = new CancellationTokenSource(Patience);
            await client.ConnectAsync(IPAddress.Loopback, port, end.Token).ConfigureAwait(false);
            return new Resp(client);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Sends commands together and reads their replies: a string, a long, null, an array of these, or an exception.</summary>
    public async Task<object?[]> AskAllAsync(TimeSpan? patience, params string[][] commands)
    {
        using var end = new CancellationTokenSource(patience ?? Patience);
        try
        {
            var text = string.Concat(commands.Select(words => $"*{words.Length}\r\n{string.Concat(words.Select(Bulk))}"));
            await _stream.WriteAsync(Encoding.UTF8.GetBytes(text), end.Token).ConfigureAwait(false);
            await _stream.FlushAsync(end.Token).ConfigureAwait(false);
            var replies = new object?[commands.Length];
            for (var i = 0; i < replies.Length; i++)
            {
                replies[i] = await ReadAsync(end.Token).ConfigureAwait(false);
            }

            return replies;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The server did not answer to {commands[0][0]}.");
        }
    }

    /// <summary>Sends one command; an error is thrown.</summary>
    public async Task<object?> AskAsync(params string[] words) =>
        (await AskAllAsync(null, words).ConfigureAwait(false))[0] is var reply && reply is RespException error ? throw error : reply;

    public void Dispose()
    {
        _stream.Dispose();
        _client.Dispose();
    }

    private static string Bulk(string word) => string.Create(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");

    private async Task<object?> ReadAsync(CancellationToken end)
    {
        var line = await ReadLineAsync(end).ConfigureAwait(false);
        switch (line[0])
        {
            case '+':
                return line[1..];
            case '-':
                return new RespException(line[1..]);
            case ':':
                return long.Parse(line[1..], CultureInfo.InvariantCulture);
            case '$':
                var length = int.Parse(line[1..], CultureInfo.InvariantCulture);
                if (length < 0)
                {
                    return null;
                }

                var bytes = new byte[length + 2];
                await _stream.ReadExactlyAsync(bytes, end).ConfigureAwait(false);
                return Encoding.UTF8.GetString(bytes, 0, length);
            case '*':
                var items = new object?[Math.Max(0, int.Parse(line[1..], CultureInfo.InvariantCulture))];
                for (var i = 0; i < items.Length; i++)
                {
                    items[i] = await ReadAsync(end).ConfigureAwait(false);
                }

                return items;
            default:
                throw new IOException($"The server said what is not RESP2: {line}");
        }
    }

    private async Task<string> ReadLineAsync(CancellationToken end)
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (line.Count < 2 || line[^1] != '\n')
        {
            await _stream.ReadExactlyAsync(one, end).ConfigureAwait(false);
            line.Add(one[0]);
        }

        return Encoding.UTF8.GetString([.. line[..^2]]);
    }
}
