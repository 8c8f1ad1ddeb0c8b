using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DistributedMutex.Workshop;

/// <summary>Checks code of a service that charges an order under its lock (lesson 9).</summary>
public static class ServiceCheck
{
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(300);

    /// <param name="payOnce">Is to charge under the lock "order:" and the number, and return true; or to return false.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static Task RunAsync(Func<IDistributedMutex, int, Func<Task>, Task<bool>> payOnce) => RunAsync(payOnce, RedisServer.Use());

    internal static async Task RunAsync(Func<IDistributedMutex, int, Func<Task>, Task<bool>> payOnce, RedisSettings settings)
    {
        using var logs = new WarningCounter();
        var services = new ServiceCollection()
            .AddSingleton(settings)
            .AddSingleton<ILoggerFactory>(logs)
            .AddDistributedMutex(options => options.Wait = Wait)
            .BuildServiceProvider();
        await using var closing = services.ConfigureAwait(false);
        var mutex = services.GetRequiredService<IDistributedMutex>();
        var other = new RedisMutex(settings);
        await using var closingOther = other.ConfigureAwait(false);

        // New each time: what an earlier try has left locked must not count.
        var order = Random.Shared.Next();
        LockKey key = $"order:{order}";
        var charges = 0;

        var wasLocked = false;
        var answer = await payOnce(mutex, order, async () =>
        {
            charges++;
            wasLocked = await other.IsLockedAsync(key).ConfigureAwait(false);
        }).ConfigureAwait(false);
        Check.That(
            answer && charges == 1 && wasLocked,
            "The order is charged once, while its lock is held.",
            charges != 1 ? $"the order was charged {charges} times." : wasLocked ? "the order was charged, and the answer was false." : $"the order was charged, and there was no lock {key}.",
            "acquire, then charge, then release, and return true.");

        var thrown = new InvalidOperationException("The bank is closed.");
        Exception? seen = null;
        try
        {
            await payOnce(mutex, order, () => throw thrown).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            seen = e;
        }

        var left = await other.IsLockedAsync(key).ConfigureAwait(false);
        Check.That(
            seen == thrown && !left,
            "If the bank fails, the caller hears of it, and the lock is free.",
            left ? "the bank failed, and the lock was still there." : "the bank failed, and the caller did not hear of it.",
            "the service renews the lock as long as it is held: what you do not release stays locked. Release in a finally.");

        var held = await other.AcquireAsync(key).ConfigureAwait(false);
        await using var closingHeld = held.ConfigureAwait(false);
        answer = await payOnce(mutex, order, Charge).ConfigureAwait(false);
        Check.That(
            !answer && charges == 1,
            "If somebody else has the order, it is not charged, and the answer is false.",
            $"somebody else had the lock of the order; it was charged {charges - 1} times, and the answer was {answer}.",
            "AcquireAsync returns whether you have the lock. Look at it.");
        Check.That(
            logs.Warnings == 0,
            "Nothing is released that was not acquired.",
            "somebody else had the lock of the order, and you released it: the log has a warning.",
            "the finally is for those who have the lock: ask for it before the try.");

        answer = await payOnce(mutex, order ^ 1, Charge).ConfigureAwait(false);
        Check.That(
            answer && charges == 2,
            "Another order need not wait for it.",
            "another order had to wait for this one.",
            "the number of the order belongs into the key.");

        Task Charge()
        {
            charges++;
            return Task.CompletedTask;
        }
    }

    private sealed class WarningCounter : ILoggerFactory, ILogger
    {
        public int Warnings { get; private set; }

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Warnings += logLevel == LogLevel.Warning ? 1 : 0;

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }
}
