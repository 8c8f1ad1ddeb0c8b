using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using DistributedMutex.Diagnostics;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <summary>Who is to be told what arrives for an owner token.</summary>
internal interface IRecipient
{
    /// <summary>The lock was granted to the token, at that time of the server's clock.</summary>
    void Granted(string token, long fence, TimeSpan serverTime);

    /// <summary>Ask again in that time; for all tokens, if none is named.</summary>
    void AskWithin(string? token, TimeSpan time);
}

/// <summary>Where grants arrive: one channel for each connection, shared by all that wait on it.</summary>
internal sealed class Mailbox
{
    private static readonly ConditionalWeakTable<IConnectionMultiplexer, Mailbox> Mailboxes = [];

    // No message tells those who only listen that another server has become the master.
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);

    private readonly IConnectionMultiplexer _connection;
    private readonly RedisChannel _channel;
    private readonly string _prefix;
    private readonly ConcurrentDictionary<string, IRecipient> _recipients = new();
    private readonly Lock _gate = new();
    private Task<Hearing>? _subscribing;
    private volatile Hearing _hearing;
    private TimeSpan _tryAgainAt = Clock.Never;
    private Task? _looking;
    private int _following;
    private int _watching;
    private int _refusals;

    private Mailbox(IConnectionMultiplexer connection)
    {
        _connection = connection;
        var id = OwnerToken.NewClientId();
        _channel = new RedisChannel("lock-grants:" + id, RedisChannel.PatternMode.Literal);

        // The application may have given the connection a prefix for all channels: the client adds it, the scripts must be told.
        var options = ConfigurationOptions.Parse(connection.Configuration, ignoreUnknown: true);
        _prefix = (string?)options.ChannelPrefix ?? "";
        ClientId = _prefix.Length == 0 ? id : $"{id}@{_prefix}";
        ReplyTimeout = TimeSpan.FromMilliseconds(Math.Max(options.AsyncTimeout, options.SyncTimeout));
    }

    /// <summary>What the owner tokens begin with: by it, baton.lua finds the channel.</summary>
    public string ClientId { get; }

    /// <summary>When the connection gives up waiting for a reply, or a second later: that is how often it looks.</summary>
    public TimeSpan ReplyTimeout { get; }

    public static Mailbox Of(IConnectionMultiplexer connection) => Mailboxes.GetValue(connection, key => new Mailbox(key));

    public void Register(string token, IRecipient recipient, TimeProvider clock)
    {
        _recipients[token] = recipient;
        if (_connection.GetEndPoints().Length > 1 && Interlocked.Exchange(ref _following, 1) == 0)
        {
            _ = FollowMasterAsync(clock);
        }
    }

    public void Unregister(string token) => _recipients.TryRemove(token, out _);

    /// <summary>Whether grants are heard. What was refused is worth another try after a while: rights may be given.</summary>
    public Hearing Hearing(TimeSpan now)
    {
        lock (_gate)
        {
            return _hearing == Protocol.Hearing.Refused && now >= _tryAgainAt ? Protocol.Hearing.NotYet : _hearing;
        }
    }

    /// <summary>Subscribes, once for all that wait; that it is refused is logged, once.</summary>
    public Task<Hearing> SubscribeAsync(ILogger logger, TimeProvider clock)
    {
        lock (_gate)
        {
            return _subscribing is { IsCompleted: false } || _hearing == Protocol.Hearing.Hears ? _subscribing! : _subscribing = SubscribeOnceAsync(logger, clock);
        }
    }

    /// <summary>A request failed: if the client asked a server that is the master no more, it shall look for the master again.</summary>
    public void Heed(Exception failure)
    {
        if (failure.IsOfReplica())
        {
            _ = LookAgainAsync();
        }
    }

    private Task LookAgainAsync()
    {
        lock (_gate)
        {
            return _looking is { IsCompleted: false } ? _looking : _looking = LookOnceAsync();
        }
    }

    private async Task LookOnceAsync()
    {
        try
        {
            await _connection.ConfigureAsync(TextWriter.Null).ConfigureAwait(false);
        }
        catch (Exception e) when (e.IsOfClient())
        {
            // The next answer of the kind tries again.
        }

        await ResumeAsync(anew: true).ConfigureAwait(false);
    }

    private async Task<Hearing> SubscribeOnceAsync(ILogger logger, TimeProvider clock)
    {
        try
        {
            await SubscribeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is RedisCommandException || (e is RedisServerException && e.Message.StartsWith("NOPERM", StringComparison.Ordinal)))
        {
            if (Interlocked.Exchange(ref _refusals, 1) == 0)
            {
                Log.NoSubscription(logger, e);
            }

            lock (_gate)
            {
                _tryAgainAt = e is RedisCommandException ? Clock.Never : clock.Now().Later(BetweenTries);
                return _hearing = Protocol.Hearing.Refused;
            }
        }

        if (Interlocked.Exchange(ref _watching, 1) == 0)
        {
            // Said of each new connection. That the one before has failed may be said later, or not at all.
            _connection.ConnectionRestored += (_, _) => _ = ResumeAsync(anew: false);
        }

        return _hearing = Protocol.Hearing.Hears;
    }

    // A handler that is still there would hear everything twice. Not only at a master: the client would refuse to unsubscribe,
    // which it does with the flags of the subscription, at a server that is the master no more.
    private async Task SubscribeAsync()
    {
        var subscriber = _connection.GetSubscriber();
        await subscriber.UnsubscribeAsync(_channel, Hear).ConfigureAwait(false);
        await subscriber.SubscribeAsync(_channel, Hear).ConfigureAwait(false);
    }

    // While the connection was gone messages were lost; "restored" may be said before the server knows the subscription again,
    // and the server may not allow it any more.
    private async Task ResumeAsync(bool anew)
    {
        try
        {
            if (anew || (long)((RedisResult[])(await _connection.GetDatabase().ExecuteAsync("PUBSUB", "NUMSUB", _prefix + (string)_channel!).ConfigureAwait(false))!)[1] == 0)
            {
                await SubscribeAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e.IsOfClient())
        {
            // Whoever waits subscribes anew before it joins the queue again.
            _hearing = Protocol.Hearing.NotYet;
        }

        AskAll();
    }

    private async Task FollowMasterAsync(TimeProvider clock)
    {
        do
        {
            await Task.Delay(BetweenLooks, clock).ConfigureAwait(false);
            try
            {
                if (_hearing == Protocol.Hearing.Hears && !await IsAtMasterAsync().ConfigureAwait(false))
                {
                    await LookAgainAsync().ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e.IsOfClient())
            {
                // It can't be asked now; it is in two seconds.
            }
        }
        while (!_recipients.IsEmpty || !TryStopFollowing());
    }

    // Somebody may have come between the last look and the end, and trusted in this.
    private bool TryStopFollowing()
    {
        Interlocked.Exchange(ref _following, 0);
        return _recipients.IsEmpty || Interlocked.Exchange(ref _following, 1) == 1;
    }

    private async Task<bool> IsAtMasterAsync() =>
        _connection.GetSubscriber().SubscribedEndpoint(_channel) is { } endpoint && _connection.GetServer(endpoint) is var server
        && (server.ServerType != ServerType.Standalone || await server.RoleAsync().ConfigureAwait(false) is Role.Master);

    private void AskAll()
    {
        foreach (var recipient in _recipients.Values.Distinct())
        {
            recipient.AskWithin(null, TimeSpan.Zero);
        }
    }

    // "grant fence time token key" or "ask milliseconds time token key". Key and token may hold anything, spaces too; a token
    // ends so long after the name of its connection.
    private void Hear(RedisChannel channel, RedisValue message)
    {
        if (((string?)message)?.Split(' ', 4) is not [var what, var number, var time, var rest]
            || rest.IndexOf(ClientId, StringComparison.Ordinal) is not (>= 0 and var start)
            || start + OwnerToken.LengthOf(ClientId) is var length && length >= rest.Length)
        {
            return;
        }

        var (token, key) = (rest[..length], rest[(length + 1)..]);
        var (value, isGrant) = (long.Parse(number, CultureInfo.InvariantCulture), what == "grant");
        if (!_recipients.TryGetValue(token, out var recipient))
        {
            if (isGrant)
            {
                _ = GiveBackAsync(key, token);
            }
        }
        else if (isGrant)
        {
            recipient.Granted(token, value, TimeSpan.FromMilliseconds(long.Parse(time, CultureInfo.InvariantCulture)));
        }
        else
        {
            recipient.AskWithin(token, TimeSpan.FromMilliseconds(value));
        }
    }

    // Nobody here waits for it any more, and the others should not have to wait for the grant to end.
    private async Task GiveBackAsync(string key, string token)
    {
        try
        {
            await new LockProtocol(_connection.GetDatabase(), LockKind.ScriptsOf(OwnerToken.WayOf(token))).ReleaseAsync(LockKeys.OfKey(key), token).ConfigureAwait(false);
        }
        catch (Exception e) when (e.IsOfClient())
        {
            // Then it ends by itself.
        }
    }
}
