using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <summary>Where grants arrive: one channel for each connection, shared by all that wait on it.</summary>
#pragma warning disable CA1001 // It lives as long as its connection, and the semaphore has no wait handle to dispose of.
internal sealed class GrantChannel
#pragma warning restore CA1001
{
    private static readonly ConditionalWeakTable<IConnectionMultiplexer, GrantChannel> Channels = [];

    private readonly IConnectionMultiplexer _connection;
    private readonly RedisChannel _channel;
    private readonly string _prefix;
    private readonly ConcurrentDictionary<string, Acquisition> _waiting = new();
    private readonly SemaphoreSlim _subscribing = new(1);
    private volatile bool _subscribed;
    private int _failed;
    private int _asked;

    private GrantChannel(IConnectionMultiplexer connection)
    {
        _connection = connection;
        var id = OwnerToken.NewClientId();
        _channel = new RedisChannel("lock-grants:" + id, RedisChannel.PatternMode.Literal);

        // The application may have given the connection a prefix for all channels: the client adds it, the scripts must be told.
        _prefix = (string?)ConfigurationOptions.Parse(connection.Configuration, ignoreUnknown: true).ChannelPrefix ?? "";
        ClientId = _prefix.Length == 0 ? id : $"{id}@{_prefix}";
    }

    /// <summary>What the owner tokens begin with: by it, baton.lua finds the channel.</summary>
    public string ClientId { get; }

    public bool IsSubscribed => _subscribed;

    /// <summary>True once: many callers at once had better subscribe before they ask than ask twice.</summary>
    public bool IsFirstQuestion() => Interlocked.Exchange(ref _asked, 1) == 0;

    public static GrantChannel For(IConnectionMultiplexer connection) => Channels.GetValue(connection, key => new GrantChannel(key));

    public void Register(string token, Acquisition waiter) => _waiting[token] = waiter;

    public void Unregister(string token) => _waiting.TryRemove(token, out _);

    public void Subscribe(TimeSpan timeout, CancellationToken stop)
    {
        // Others may be trying in vain, one after the other.
        if (!_subscribing.Wait(timeout, stop))
        {
            throw NotSubscribed();
        }

        try
        {
            if (!_subscribed)
            {
                _connection.GetSubscriber().Subscribe(_channel, Hear);
                Watch();
            }
        }
        finally
        {
            _subscribing.Release();
        }
    }

    public async Task SubscribeAsync(TimeSpan timeout, CancellationToken stop)
    {
        if (!await _subscribing.WaitAsync(timeout, stop).ConfigureAwait(false))
        {
            throw NotSubscribed();
        }

        try
        {
            if (!_subscribed)
            {
                await _connection.GetSubscriber().SubscribeAsync(_channel, Hear).WaitAsync(timeout, stop).ConfigureAwait(false);
                Watch();
            }
        }
        finally
        {
            _subscribing.Release();
        }
    }

    private static TimeoutException NotSubscribed() => new("Redis did not answer to a subscription, which waiting for a lock needs.");

    private void Watch()
    {
        // A bit for each kind of connection: that of the commands may be back before that of the subscriptions.
        _connection.ConnectionFailed += (_, failure) => Interlocked.Or(ref _failed, 1 << (int)failure.ConnectionType);

        // 1.x says "restored" without a failure as well: that must not wake every waiter.
        _connection.ConnectionRestored += (_, restoration) =>
        {
            var bit = 1 << (int)restoration.ConnectionType;
            if ((Interlocked.And(ref _failed, ~bit) & bit) != 0)
            {
                _ = ResumeAsync();
            }
        };
        _subscribed = true;
    }

    // While the connection was gone messages were lost, and now and then 1.x comes back without its subscription.
    private async Task ResumeAsync()
    {
        try
        {
            var reply = (RedisResult[])(await _connection.GetDatabase().ExecuteAsync("PUBSUB", "NUMSUB", _prefix + (string)_channel!).ConfigureAwait(false))!;
            if ((long)reply[1] == 0)
            {
                var subscriber = _connection.GetSubscriber();
                await subscriber.UnsubscribeAsync(_channel, Hear).ConfigureAwait(false);
                await subscriber.SubscribeAsync(_channel, Hear).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is RedisException or TimeoutException or ObjectDisposedException)
        {
            // The next restoration tries again; the waiters ask in any case.
        }

        foreach (var waiter in _waiting.Values)
        {
            waiter.AskWithin(TimeSpan.Zero);
        }
    }

    // "grant token fence time" or "ask token milliseconds time"
    private void Hear(RedisChannel channel, RedisValue message)
    {
        if (((string?)message)?.Split(' ') is not [var what, var token, var number, var time] || !_waiting.TryGetValue(token, out var waiter))
        {
            return;
        }

        var value = long.Parse(number, CultureInfo.InvariantCulture);
        if (what == "grant")
        {
            waiter.Grant(value, TimeSpan.FromMilliseconds(long.Parse(time, CultureInfo.InvariantCulture)));
        }
        else
        {
            waiter.AskWithin(TimeSpan.FromMilliseconds(value));
        }
    }
}
