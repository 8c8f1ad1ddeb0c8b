using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace DistributedMutex.Diagnostics;

/// <summary>
/// One short talk with a server, to find out why the client cannot have one. It blocks, but never for long, and needs no
/// thread of the pool: that there is none may be the reason.
/// </summary>
internal sealed class ServerProbe : IDisposable
{
    /// <summary>How long it waits for each answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Socket _socket;
    private Stream _stream;

    private ServerProbe(Socket socket)
    {
        var patience = (int)Patience.TotalMilliseconds;
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true) { ReadTimeout = patience, WriteTimeout = patience };
    }

    /// <summary>What is wrong with the certificate that was shown.</summary>
    public SslPolicyErrors CertificateErrors { get; private set; }

    /// <summary>The same in the framework's words.</summary>
    public string CertificateWords { get; private set; } = "";

    /// <summary>The names that it is for.</summary>
    public IReadOnlyList<string> CertificateNames { get; private set; } = [];

    /// <exception cref="SocketException">There is no such host, or nobody listens there, or nobody answers.</exception>
    public static ServerProbe Connect(string host, int port)
    {
        SocketException? failure = null;
        foreach (var address in Dns.GetHostAddresses(host))
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                Connect(socket, new IPEndPoint(address, port));
                return new ServerProbe(socket);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                failure = e;
            }
        }

        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>Goes on in TLS, as strict as the client is.</summary>
    /// <exception cref="AuthenticationException">The certificate is not right, or the other side does not want to.</exception>
    /// <exception cref="IOException">It has not answered, or closed the connection.</exception>
    public void StartTls(string host)
    {
        var tls = new SslStream(_stream, leaveInnerStreamOpen: false, (_, certificate, chain, errors) =>
        {
            (CertificateErrors, CertificateNames) = (errors, NamesOf(certificate as X509Certificate2));
            CertificateWords = string.Join(", ", [$"{errors}", .. (chain?.ChainStatus ?? []).Select(status => status.StatusInformation.Trim())]);
            return errors == SslPolicyErrors.None;
        });
        _stream = tls;
        tls.AuthenticateAsClient(host, null, checkCertificateRevocation: true);
    }

    /// <summary>Sends a command; returns the first line of the reply, or null if the connection was closed instead.</summary>
    /// <exception cref="IOException">There was no answer.</exception>
    public string? Ask(params string[] command)
    {
        var request = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"*{command.Length}\r\n"));
        foreach (var part in command)
        {
            request.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(part)}\r\n{part}\r\n");
        }

        try
        {
            _stream.Write(Encoding.UTF8.GetBytes(request.ToString()));
            return ReadLine();
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown })
        {
            return null;
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }

    private static void Connect(Socket socket, IPEndPoint to)
    {
        socket.Blocking = false;
        try
        {
            socket.Connect(to);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            var isDone = socket.Poll(Patience, SelectMode.SelectWrite);
            var error = (SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
            if (!isDone || error != SocketError.Success)
            {
                throw new SocketException((int)(error != SocketError.Success ? error : SocketError.TimedOut));
            }
        }

        socket.Blocking = true;
    }

    private string? ReadLine()
    {
        const int Longest = 1000;
        var line = new List<byte>();
        int octet;
        while ((octet = _stream.ReadByte()) >= 0 && octet != '\n' && line.Count < Longest)
        {
            line.Add((byte)octet);
        }

        return octet < 0 && line.Count == 0 ? null : Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
    }

    private static IReadOnlyList<string> NamesOf(X509Certificate2? certificate)
    {
        var names = certificate?.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return names is not null ? [.. names.EnumerateDnsNames(), .. names.EnumerateIPAddresses().Select(address => address.ToString())]
            : certificate is not null ? [certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false)]
            : [];
    }
}
