using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Servers;

/// <summary>A redis-server that speaks TLS as well, with a certificate for "localhost" that it has signed itself.</summary>
internal sealed class TlsServer : IDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly PrivateServer _server;

    private TlsServer(TemporaryFolder folder, PrivateServer server, int port) => (_folder, _server, Port) = (folder, server, port);

    /// <summary>Where it speaks TLS.</summary>
    public int Port { get; }

    public int PlainPort => _server.Port;

    public int ProcessId => _server.ProcessId;

    /// <summary>The certificate, as a file.</summary>
    public string CertificatePath => _folder.File("certificate.pem");

    /// <summary>How to connect to it, for those who trust the certificate.</summary>
    public RedisSettings Settings => new() { Host = "localhost", Port = Port, Ssl = true };

    public static async Task<TlsServer> StartAsync(ServerFixture server, params string[] moreArguments)
    {
        var folder = new TemporaryFolder();
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        folder.Write("certificate.pem", certificate.ExportCertificatePem());
        folder.Write("key.pem", key.ExportPkcs8PrivateKeyPem());

        var port = PrivateServer.FindFreePort();
        string[] tls = ["--tls-port", $"{port}", "--tls-cert-file", folder.File("certificate.pem"), "--tls-key-file", folder.File("key.pem"), "--tls-ca-cert-file", folder.File("certificate.pem")];
        return new TlsServer(folder, await server.StartAnotherAsync([.. tls, "--tls-auth-clients", "no", .. moreArguments]), port);
    }

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }
}
