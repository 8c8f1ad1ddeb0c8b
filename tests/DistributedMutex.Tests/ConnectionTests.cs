using System.Net;
using System.Net.Sockets;
using DistributedMutex.Tests.Servers;
using StackExchange.Redis;

namespace DistributedMutex.Tests;

public abstract class ConnectionTests(ServerFixture server)
{
    private protected abstract string[] WithPassword { get; }

    [Fact]
    public async Task A_refused_password_is_an_error_that_names_the_server_and_not_the_password()
    {
        using var another = await server.StartAnotherAsync(WithPassword);
        var right = ServerFixture.SettingsOf(another) with { Password = "right-one" };
        using (var mutex = new RedisMutex(right))
        {
            Assert.True(mutex.Lock("x"));
        }

        var wrong = Assert.Throws<RedisConnectionException>(() => new RedisMutex(right with { Password = "wrong-one" }));
        Assert.Equal(ConnectionFailureType.AuthenticationFailure, wrong.FailureType);
        Assert.StartsWith($"Redis at 127.0.0.1:{another.Port} refuses the password.", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-one", wrong.ToString(), StringComparison.Ordinal);

        var none = Assert.Throws<RedisConnectionException>(() => new RedisMutex(right with { Password = null }));
        Assert.StartsWith($"Redis at 127.0.0.1:{another.Port} asks for a password.", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CLIENT_LIST_says_which_process_a_connection_belongs_to()
    {
        using var client = server.NewForeignClient();
        Assert.Equal($"{Environment.MachineName}-{Environment.ProcessId}", (string?)client.Database.Execute("CLIENT", "GETNAME"));
    }

    [Fact]
    public void Closing_closes_an_own_connection_and_leaves_a_shared_one()
    {
        using var own = new RedisClient(server.Settings);
        using (var sharing = new RedisClient(own.Connection))
        {
            sharing.Close();
        }

        Assert.True(own.Database.Ping() >= TimeSpan.Zero);
        own.Close();
        own.Close();
        Assert.ThrowsAny<Exception>(() => own.Database.Ping());
    }

    [Fact]
    public async Task Callers_never_run_on_the_clients_own_threads()
    {
        // A caller that blocks after each kind of await would stop the client if it ran on the client's thread; it does,
        // unless told otherwise, where there is no context to return to.
        var resource = server.NewResource();
        await using var mutex = server.NewMutex();
        await Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                Assert.True(await mutex.LockAsync(resource));
                Block();
                Assert.True(await mutex.IsLockedAsync(resource));
                Block();
                Assert.True(await mutex.UnlockAsync(resource));
                Block();
                await using var scope = await mutex.AcquireAsync(resource);
                Block();
                Assert.True(await scope.ExtendAsync());
                Block();
                Assert.True(await scope.ReleaseAsync());
                Assert.True(mutex.Lock(resource));
                Assert.True(mutex.Unlock(resource));
            }
        });

        // An async call, waited for by blocking: it never ends if this is the thread that would bring the reply.
        void Block() => Assert.True(mutex.IsLockedAsync(resource).Wait(TimeSpan.FromSeconds(20)));
    }
}

[Collection(OnRedis.Name)]
public sealed class ConnectionToRedisTests(RedisFixture server) : ConnectionTests(server)
{
    private protected override string[] WithPassword => ["--requirepass", "right-one"];
}

[Collection(OnGarnet.Name)]
public sealed class ConnectionToGarnetTests(GarnetFixture server) : ConnectionTests(server)
{
    private protected override string[] WithPassword => ["--auth", "Password", "--password", "right-one"];
}

[Quick]
public sealed class NoConnectionTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("no-such-host.invalid")]
    public void A_server_that_cannot_be_reached_is_an_error_that_names_it_and_not_the_password(string host)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        var thrown = Assert.Throws<RedisConnectionException>(() => new RedisMutex(new RedisSettings { Host = host, Port = port, Password = "secret" }));
        Assert.StartsWith($"Redis at {host}:{port} cannot be reached.", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", thrown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_are_checked_before_a_connection_is_made()
    {
        var nowhere = new RedisSettings { Host = "no-such-host.invalid" };
        Assert.Equal("Lease", Assert.Throws<ArgumentOutOfRangeException>(() => new RedisMutex(nowhere, new MutexOptions { Lease = TimeSpan.Zero })).ParamName);
        Assert.Equal("Wait", Assert.Throws<ArgumentOutOfRangeException>(() => new RedisMutex(nowhere, new MutexOptions { Wait = TimeSpan.FromSeconds(-2) })).ParamName);
        Assert.Equal("Retry", Assert.Throws<ArgumentOutOfRangeException>(() => new RedisMutex(nowhere, new MutexOptions { Retry = TimeSpan.Zero })).ParamName);
        Assert.Equal("MaxHold", Assert.Throws<ArgumentOutOfRangeException>(() => new RedisMutex(nowhere, new MutexOptions { MaxHold = TimeSpan.Zero })).ParamName);
    }
}
