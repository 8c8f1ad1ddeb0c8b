using System.Net;
using System.Net.Sockets;
using System.Text;
using DistributedMutex.Diagnostics;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;
using StackExchange.Redis;

namespace DistributedMutex.Tests;

/// <summary>What is said when a server cannot be used: the cause, in its own words where it has said something, and what to do.</summary>
public sealed class ConnectionFailureTests(OwnRedisFixture server) : IClassFixture<OwnRedisFixture>
{
    private static readonly RedisConnectionException Failure = new(ConnectionFailureType.UnableToConnect, CommandFlags.None, "no connection");

    [Fact]
    public async Task A_refused_password_is_told_with_the_servers_words()
    {
        using var another = await server.StartAnotherAsync("--requirepass", "right-one");
        var settings = ServerFixture.SettingsOf(another);
        const string Words = "It says \"WRONGPASS invalid username-password pair or user is disabled\".";
        Throws($"refuses the password. Check REDIS_PASSWORD and REDIS_USER. {Words}", settings with { Password = "wrong-one" });
        Says($"refuses the password. Check REDIS_PASSWORD and REDIS_USER. {Words}", settings with { User = "nobody", Password = "right-one" });
        Says($"refuses the password. Check REDIS_PASSWORD and REDIS_USER. {Words} The password begins or ends with white space, which counts.", settings with { Password = "right-one\r" });
        Says($"refuses the password. Check REDIS_PASSWORD and REDIS_USER. {Words} The password is in quotes, which count: what set the variable has left them there.", settings with { Password = "\"right-one\"" });
        Says("asks for a password. Set REDIS_PASSWORD.", settings);
        Says("asks for a password. Set REDIS_PASSWORD.", settings with { Password = "" });
    }

    [Fact]
    public async Task A_user_who_may_not_do_what_it_takes_to_connect_is_told_what_is_missing()
    {
        using var another = await server.StartAnotherAsync();
        using var admin = ServerFixture.ConnectAsAdmin(another);
        await admin.GetDatabase().ExecuteAsync("ACL", "SETUSER", "app", "on", ">secret-one", "~*", "+@all", "-echo");
        Throws(
            "does not let the user 'app' do what it takes to connect, +echo at least. It says \"NOPERM this user has no permissions to run the 'echo' command\".",
            ServerFixture.SettingsOf(another) with { User = "app", Password = "secret-one" });
    }

    [Fact]
    public async Task A_server_with_as_many_clients_as_it_may_have_says_so()
    {
        using var another = await server.StartAnotherAsync("--maxclients", "1");
        using var only = new TcpClient();
        await only.ConnectAsync(IPAddress.Loopback, another.Port);
        await only.GetStream().WriteAsync("PING\r\n"u8.ToArray());
        Assert.Equal("+PONG", await new StreamReader(only.GetStream()).ReadLineAsync());
        Throws("has as many clients as it may. Close some, or raise its maxclients. It says \"ERR max number of clients reached\".", ServerFixture.SettingsOf(another));
    }

    [Fact]
    public async Task A_server_that_was_stopped_does_not_answer()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs signals");
        using var another = await TlsServer.StartAsync(server);
        var plain = new RedisSettings { Host = "localhost", Port = another.PlainPort };
        await ProcessSignal.StopAsync(another.ProcessId);

        const string Text = "cannot be reached. Something takes connections there and does not answer: a server that is stopped or very busy, or no Redis.";
        Says(Text, plain);
        Says(Text, another.Settings);
    }

    [Fact]
    public async Task A_server_that_answers_after_all_is_told_with_the_clients_words()
    {
        using var another = await server.StartAnotherAsync();
        var explained = ConnectionFailure.Explain(ServerFixture.SettingsOf(another), Failure);
        Assert.EndsWith("could not be connected to, and yet it answers now. Try again; this machine or the server may have been too busy. The client says \"no connection\".", explained.Message, StringComparison.Ordinal);
        Assert.Same(Failure, explained.InnerException);
    }

    [Fact]
    public async Task A_certificate_that_is_not_trusted_is_no_password()
    {
        using var tls = await TlsServer.StartAsync(server, "--requirepass", "right-one");
        var untrusted = Throws("shows a certificate that is not trusted here. Let the machine trust its issuer", tls.Settings with { Password = "right-one" });
        Assert.Contains("The framework says \"RemoteCertificateChainErrors, ", untrusted, StringComparison.Ordinal);

        var ofAnother = Says("shows a certificate that is for \"localhost\", not for '127.0.0.1'. Set REDIS_HOST to a name that it is for.", tls.Settings with { Host = "127.0.0.1", Password = "right-one" });
        Assert.Contains("RemoteCertificateNameMismatch", ofAnother, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_the_machine_is_told_to_trust_is_trusted()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere the system's own store says whom to trust");
        using var folder = new TemporaryFolder();
        using var tls = await TlsServer.StartAsync(server, "--requirepass", "right-one");
        using var doctor = ChildProcess.StartTestProcess(
            folder.Path, ["doctor"], ("REDIS_HOST", "localhost"), ("REDIS_PORT", $"{tls.Port}"), ("REDIS_PASSWORD", "right-one"), ("REDIS_SSL", "true"), ("SSL_CERT_FILE", tls.CertificatePath));
        await doctor.ExitAsync();
        Assert.Contains($"✓ Redis: redis-server", doctor.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_speaks_TLS_to_a_server_without_it_or_the_other_way_round_is_told_so()
    {
        using var tls = await TlsServer.StartAsync(server);
        Throws("speaks TLS only. Set REDIS_SSL=true, or name its port without TLS.", tls.Settings with { Ssl = false });

        using var plain = await server.StartAnotherAsync();
        Says("speaks no TLS. Set REDIS_SSL=false, or name its TLS port.", ServerFixture.SettingsOf(plain) with { Ssl = true });
    }

    [Fact]
    public async Task A_server_that_asks_for_a_certificate_is_told_from_one_that_refuses_the_password()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere the system's own store says whom to trust");
        using var folder = new TemporaryFolder();
        using var tls = await TlsServer.StartAsync(server, "--tls-auth-clients", "yes");
        using var doctor = ChildProcess.StartTestProcess(
            folder.Path, ["doctor"], ("REDIS_HOST", "localhost"), ("REDIS_PORT", $"{tls.Port}"), ("REDIS_SSL", "true"), ("SSL_CERT_FILE", tls.CertificatePath));
        await doctor.ExitAsync();
        Assert.Contains("If it asks for a certificate of the client, give RedisMutex a connection of your own.", doctor.Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", false, "is no Redis: it answers \"SSH-2.0-OpenSSH_9.2\". Check REDIS_PORT.")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", false, "is no Redis: it answers \"HTTP/1.1 400 Bad Request\". Check REDIS_PORT.")]
    [InlineData("\u001b[2J\n", false, "is no Redis: it answers \" [2J\". Check REDIS_PORT.")]
    [InlineData("", false, "cannot be reached. Something takes connections there and closes them without an answer. Check REDIS_PORT: is it Redis that listens there?")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", true, "cannot be spoken to in TLS. Are REDIS_HOST, REDIS_PORT and REDIS_SSL right?")]
    [InlineData("-DENIED Redis is running in protected mode.\r\n", false, "takes no clients from other machines. It says \"DENIED Redis is running in protected mode\".")]
    [InlineData("-LOADING Redis is loading the dataset in memory\r\n", false, "is not ready. Try again later. It says \"LOADING Redis is loading the dataset in memory\".")]
    public async Task What_is_no_Redis_or_none_for_us_is_quoted(string greeting, bool ssl, string text)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = AnswerAsync(listener, Encoding.ASCII.GetBytes(greeting));
        Says(text, new RedisSettings { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port, Ssl = ssl, Password = "secret-one" });
        listener.Stop();
        await answering;
    }

    [Theory]
    [InlineData("localhost:6379", "localhost:6379:1", "a host name or address alone: the port goes into REDIS_PORT")]
    [InlineData("redis://me:secret-one@localhost", "redis://…@localhost:1", "a host name or address; a URL goes into REDIS_URL")]
    [InlineData("one,two", "one,two:1", "one host; for several servers, give RedisMutex a connection of your own")]
    [InlineData("localhost ", "localhost :1", "a host name or address")]
    public void A_host_that_cannot_be_one_is_not_tried(string host, string shown, string expected)
    {
        var thrown = Assert.Throws<RedisConnectionException>(() => new RedisMutex(new RedisSettings { Host = host, Port = 1 }));
        Assert.Equal($"Redis at {shown} cannot be reached. RedisSettings.Host must be {expected}.", thrown.Message);
    }

    private static string Says(string text, RedisSettings settings) => Says(text, settings, ConnectionFailure.Explain(settings, Failure));

    // All the way; but the client takes its time, often ten seconds, before it gives up.
    private static string Throws(string text, RedisSettings settings) => Says(text, settings, Assert.Throws<RedisConnectionException>(() => new RedisMutex(settings)));

    private static string Says(string text, RedisSettings settings, RedisConnectionException thrown)
    {
        Assert.StartsWith($"Redis at {settings} {text}", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("right-one", thrown.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-one", thrown.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret-one", thrown.ToString(), StringComparison.Ordinal);
        return thrown.Message;
    }

    // Greets each client, and says nothing more to it.
    private static async Task AnswerAsync(TcpListener listener, byte[] greeting)
    {
        List<TcpClient> clients = [];
        try
        {
            while (true)
            {
                clients.Add(await listener.AcceptTcpClientAsync());
                await clients[^1].GetStream().WriteAsync(greeting);
                if (greeting.Length == 0)
                {
                    clients[^1].Dispose();
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException or IOException)
        {
            clients.ForEach(client => client.Dispose());
        }
    }
}
