using System.Collections.Concurrent;
using System.Collections.Immutable;
using DistributedMutex.Diagnostics;
using DistributedMutex.Protocol;
using Microsoft.Extensions.Logging;

namespace DistributedMutex.Services;

/// <summary>Holds a scope of the mutex for each key.</summary>
internal sealed class ServiceMutex : IDistributedMutex
{
    // More than one flow holds at a time; of the locks that it lost and never released some are forgotten.
    private const int Remembered = 64;

    private readonly MutexConnection _connection;
    private readonly MutexOptions _options;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, Taken> _held = new();

    // What the caller itself has asked for. It flows with the caller, and into the tasks that the caller starts.
    private readonly AsyncLocal<ImmutableList<Request>?> _requests = new();

    public ServiceMutex(MutexConnection connection, MutexOptions options)
    {
        _connection = connection;
        _options = options;
        _logger = _options.NewLogger();
    }

    /// <summary>How many locks are held that have to be released by their key.</summary>
    public int Held => _held.Count;

    public async Task<MutexLock?> TryAcquireAsync(LockKey key, TimeSpan? wait = null, CancellationToken cancellationToken = default)
    {
        var resource = key.ToResource(nameof(key));
        var patience = MutexOptions.ValidateWait(wait ?? _options.Wait, nameof(wait));
        try
        {
            var (mutex, left) = await OpenAsync(patience, cancellationToken).ConfigureAwait(false);
            return await mutex.TryAcquireAsync(resource, left, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.NotAcquired(_logger, e, resource);
            throw;
        }
    }

    // Not async: what an async method does to its caller's flow is undone.
    public Task<bool> AcquireAsync(LockKey key, CancellationToken cancellationToken = default)
    {
        var request = new Request(key.ToResource(nameof(key)));
        var requests = _requests.Value ?? [];
        _requests.Value = (requests.Count < Remembered ? requests : requests.RemoveAll(one => one.IsOver)).Add(request);
        return AcquireAsync(request, cancellationToken);
    }

    public Task<bool> ReleaseAsync(LockKey key, CancellationToken cancellationToken = default)
    {
        var resource = key.ToResource(nameof(key));
        cancellationToken.ThrowIfCancellationRequested();
        var requests = _requests.Value ?? [];
        var own = requests.FindAll(request => request.Resource == resource);
        var found = _held.TryGetValue(resource, out var held);

        // Whose own requests have all been answered, but not with this lock, has lost its own or was never given one. Who has
        // none that is known here may be the one that was refused, as many times as somebody was.
        var isAnothers = own.TrueForAll(request => request.IsAnswered && request.Lock != held?.Lock);
        if (isAnothers)
        {
            isAnothers = held?.TryForgetRefusal() == true || own.Count > 0;
        }

        _requests.Value = requests.RemoveAll(request => request.Resource == resource && (request.Lock == held?.Lock || request.IsOver));
        if (!found || isAnothers || !_held.TryRemove(KeyValuePair.Create(resource, held!)))
        {
            Log.NotHeld(_logger, resource);
            return Task.FromResult(false);
        }

        return ReleaseAsync(held!.Lock, cancellationToken);
    }

    private async Task<bool> AcquireAsync(Request request, CancellationToken cancellationToken)
    {
        try
        {
            var (mutex, left) = await OpenAsync(_options.Wait, cancellationToken).ConfigureAwait(false);
            var held = await mutex.AcquireAsync(request.Resource, left, cancellationToken: cancellationToken).ConfigureAwait(false);
            request.Lock = held;

            // Whoever comes here late may have lost the lock to the next holder already.
            var mine = new Taken(held);
            _held.AddOrUpdate(request.Resource, static (_, mine) => mine, static (_, other, mine) => other.Lock.IsHeld ? other : mine, mine);
            held.Lost.UnsafeRegister(_ => _held.TryRemove(KeyValuePair.Create(request.Resource, mine)), null);
            return true;
        }
        catch (LockAcquisitionException e)
        {
            Log.TimedOut(_logger, e, request.Resource);
            return false;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.NotAcquired(_logger, e, request.Resource);
            throw;
        }
        finally
        {
            request.IsAnswered = true;
            if (request.Lock is null && _held.TryGetValue(request.Resource, out var others))
            {
                others.AddRefusal();
            }
        }
    }

    // Opening the connection is part of the wait.
    private async Task<(RedisMutex Mutex, TimeSpan Left)> OpenAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        var clock = _options.TimeProvider;
        var started = clock.GetTimestamp();
        var mutex = await _connection.OpenAsync(wait, clock, cancellationToken).ConfigureAwait(false);
        var left = wait - clock.GetElapsedTime(started);
        return (mutex, wait == Timeout.InfiniteTimeSpan ? wait : left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }

    private async Task<bool> ReleaseAsync(MutexLock held, CancellationToken cancellationToken)
    {
        try
        {
            // Nobody can ask for it a second time, so it is done whole; the token ends no more than the wait for it.
            return await held.ReleaseAsync(CancellationToken.None)
                .Within(Timeout.InfiniteTimeSpan, _options.TimeProvider, sync: false, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Log.ReleaseFailed(_logger, e, held.Resource);
            throw;
        }
    }

    /// <summary>A lock that is to be released by its key.</summary>
    private sealed class Taken(MutexLock held)
    {
        private int _refusals;

        public MutexLock Lock => held;

        /// <summary>Another call for the key was refused meanwhile.</summary>
        public void AddRefusal() => Interlocked.Increment(ref _refusals);

        /// <summary>Whether there is one that has not been taken for a release yet.</summary>
        public bool TryForgetRefusal()
        {
            if (Interlocked.Decrement(ref _refusals) >= 0)
            {
                return true;
            }

            Interlocked.Increment(ref _refusals);
            return false;
        }
    }

    private sealed class Request(string resource)
    {
        public string Resource => resource;

        public MutexLock? Lock { get; set; }

        public bool IsAnswered { get; set; }

        public bool IsOver => IsAnswered && Lock is not { IsHeld: true };
    }
}
