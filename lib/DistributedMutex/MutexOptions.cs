using DistributedMutex.Diagnostics;
using DistributedMutex.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DistributedMutex;

/// <summary>How a <see cref="RedisMutex"/> holds and waits. The mutex takes a copy; later changes have no effect on it.</summary>
public sealed class MutexOptions
{
    /// <summary>How long a lock is held without a sign of life from its holder; 30 seconds by default, more than zero; more than a hundred years are taken for a hundred.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long to wait for a lock if the call does not say; 10 seconds by default. Zero is one try, <see cref="Timeout.InfiniteTimeSpan"/> has no end.</summary>
    public TimeSpan Wait { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often to ask for a lock that a foreign client holds, if the call does not say; 0.1 seconds by default, more than zero.</summary>
    public TimeSpan Retry { get; set; } = TimeSpan.FromSeconds(0.1);

    /// <summary>
    /// How often, and for how long, to ask for a lock that a foreign client holds, if that is not every <see cref="Retry"/>
    /// until the wait is over; null by default. A call that gives a retry of its own does not use it.
    /// </summary>
    public RetryStrategy? RetryStrategy { get; set; }

    /// <summary>Whether a scope (<see cref="RedisMutex.Acquire"/>) renews its lease while it lives; true by default. Lock and Unlock never renew.</summary>
    public bool Renew { get; set; } = true;

    /// <summary>
    /// Whether a scope (<see cref="RedisMutex.Acquire"/>) gets a fencing token; true by default. Without, a lock that is free is
    /// taken with one plain command, as Lock takes it, and <see cref="MutexLock.Fence"/> throws.
    /// </summary>
    public bool Fence { get; set; } = true;

    /// <summary>The longest that a lock is held, renewals and extensions included; no bound by default. More than zero.</summary>
    public TimeSpan? MaxHold { get; set; }

    /// <summary>
    /// What the key of a lock begins with, before the name of the resource; "lock:" by default, not blank. All that share a
    /// lock must agree on it. The other keys of the lock follow it: its queue is <c>{lock:order:42}:queue</c>, say. A prefix
    /// with a hash tag, such as "{orders}:", keeps all locks in one slot of a Redis Cluster; then the queue is
    /// <c>queue:{orders}:order:42</c>.
    /// </summary>
    public string KeyPrefix { get; set; } = LockKeys.DefaultPrefix;

    /// <summary>The clock for deadlines, waits and renewals; the system's by default.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where to log; nowhere by default.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>The prefix of another kind of lock: its own, or, where there is one for mutexes, its own after that.</summary>
    internal string KeyPrefixOf(string kind) => KeyPrefix == LockKeys.DefaultPrefix ? kind : KeyPrefix + kind;

    internal ILogger NewLogger() =>
        LoggerFactory is { } factory ? new QuietLogger(factory.CreateLogger(nameof(DistributedMutex))) : NullLogger.Instance;

    internal MutexOptions ValidatedCopy()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Lease, TimeSpan.Zero, nameof(Lease));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(MaxHold ?? TimeSpan.MaxValue, TimeSpan.Zero, nameof(MaxHold));
        ValidateWait(Wait, nameof(Wait));
        ValidateRetry(Retry, nameof(Retry));
        ValidateKeyPrefix(KeyPrefix, nameof(KeyPrefix));
        ArgumentNullException.ThrowIfNull(TimeProvider, nameof(TimeProvider));
        var copy = (MutexOptions)MemberwiseClone();
        copy.Lease = Clock.Earlier(Lease, Clock.LongestLease);
        return copy;
    }

    // Without a prefix, a lock's key could be that of the application's data. Half a hash tag would be closed, or not, by the
    // name of a resource.
    private static void ValidateKeyPrefix(string prefix, string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(prefix, name);
        if (prefix.AsSpan().ContainsAny('{', '}') && LockKeys.OwnTag(prefix) is null)
        {
            throw new ArgumentException($"'{prefix}' has a brace that is not part of a whole hash tag, such as that of '{{orders}}:'.", name);
        }
    }

    internal static TimeSpan ValidateWait(TimeSpan wait, string name)
    {
        if (wait != Timeout.InfiniteTimeSpan)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(wait, TimeSpan.Zero, name);
        }

        return wait;
    }

    internal static TimeSpan ValidateRetry(TimeSpan retry, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(retry, TimeSpan.Zero, name);
        return retry;
    }
}
