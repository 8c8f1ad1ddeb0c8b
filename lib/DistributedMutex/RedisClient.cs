using DistributedMutex.Diagnostics;
using DistributedMutex.Protocol;
using StackExchange.Redis;

namespace DistributedMutex;

/// <summary>A connection to one Redis server: opened by the constructor, closed by <see cref="Close"/> if it is this object's own.</summary>
public class RedisClient : IDisposable, IAsyncDisposable
{
    private readonly bool _ownsConnection;
    private int _closed;

    /// <summary>Connects to the server that <see cref="RedisSettings.FromEnvironment"/> names.</summary>
    /// <exception cref="FormatException">The environment or the .env file holds a value that cannot be read.</exception>
    /// <exception cref="RedisConnectionException">The server cannot be reached or refuses the password; the message says why.</exception>
    public RedisClient()
        : this(RedisSettings.FromEnvironment())
    {
    }

    /// <summary>Connects to the server that <paramref name="settings"/> names.</summary>
    /// <exception cref="RedisConnectionException">The server cannot be reached or refuses the password; the message says why.</exception>
    public RedisClient(RedisSettings settings)
        : this(Connect(settings), ownsConnection: true)
    {
    }

    /// <summary>Uses a connection that the caller owns; this object never closes it.</summary>
    public RedisClient(IConnectionMultiplexer connection)
        : this(connection, ownsConnection: false)
    {
    }

    private RedisClient(IConnectionMultiplexer connection, bool ownsConnection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        Connection = connection;
        Database = connection.GetDatabase();
        _ownsConnection = ownsConnection;
    }

    /// <summary>The connection, own or shared.</summary>
    public IConnectionMultiplexer Connection { get; }

    /// <summary>The server's default database.</summary>
    public IDatabase Database { get; }

    /// <summary>Closes the connection if it is this object's own; a second call does nothing.</summary>
    public void Close() => Dispose();

    /// <inheritdoc cref="Close"/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc cref="Close"/>
    public async ValueTask DisposeAsync()
    {
        await DisposeAsyncCore().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes an own connection, once.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _closed, 1) == 0 && _ownsConnection)
        {
            Connection.Dispose();
        }
    }

    /// <summary>Closes an own connection, once, without blocking the caller.</summary>
    protected virtual async ValueTask DisposeAsyncCore()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0 && _ownsConnection)
        {
            await Connection.CloseAsync().ConfigureAwait(false);
            Connection.Dispose();
        }
    }

    /// <summary>With <paramref name="allowAdmin"/> it may also send INFO and the like, which the client refuses otherwise.</summary>
    internal static ConnectionMultiplexer Connect(RedisSettings settings, bool allowAdmin = false)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (RedisSettings.ExpectedInsteadOf(settings.Host) is { } expected)
        {
            throw ConnectionFailure.Misread(settings, expected);
        }

        var options = new ConfigurationOptions
        {
            EndPoints = { { settings.Host, settings.Port } },
            User = settings.User,
            Password = settings.Password,
            Ssl = settings.Ssl,
            AllowAdmin = allowAdmin,
            ConnectTimeout = 5_000,
            SyncTimeout = 5_000,
            ClientName = OwnerToken.ProcessName,

            // Both protocols will do. With RESP3 the client hands out some texts with their format before them, "txt:id=…" for
            // CLIENT LIST, which is not what those expect who look at the server by this connection.
            Protocol = RedisProtocol.Resp2,
        };

        try
        {
            return ConnectionMultiplexer.Connect(options);
        }
        catch (RedisConnectionException e)
        {
            throw ConnectionFailure.Explain(settings, e);
        }
    }
}
