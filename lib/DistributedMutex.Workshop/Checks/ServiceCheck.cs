using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DistributedMutex.Workshop;

/// <summary>Checks code of a service that charges an order under its lock (lesson 9).</summary>
public static class ServiceCheck
{
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(300);

    /// <param name="payOnce">Is to charge under the lock "order:" and the number, and return true; or to return false.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static Task RunAsync(Func<IDistributedMutex, int, Func<Task>, Task<bool>> payOnce) => Check.RunAsync("9.1", async () =>
    {
        using var logs = new WarningCounter();
        var services = new ServiceCollection()
            .AddSingleton(RedisServer.Use())
            .AddSingleton<ILoggerFactory>(logs)
            .AddDistributedMutex(options => options.Wait = Wait)
            .BuildServiceProvider();
        await using var closing = services.ConfigureAwait(false);
        var mutex = services.GetRequiredService<IDistributedMutex>();
        var other = new RedisMutex();
        await using var closingOther = other.ConfigureAwait(false);

        // Another order at each step: what one has left locked is no fault of the next, nor of somebody else's.
        var order = Random.Shared.Next();
        var (charges, wasLocked) = (0, false);
        var call = await Attempt.RunAsync(() => payOnce(mutex, order, async () =>
        {
            charges++;
            wasLocked = await other.IsLockedAsync($"order:{order}").ConfigureAwait(false);
        })).ConfigureAwait(false);
        Check.That(
            call.Result && charges == 1 && wasLocked,
            "The order is charged once, while its lock is held.",
            call.Or(charges != 1 ? $"the order was charged {charges} times." : wasLocked ? "the order was charged, and the answer was false." : $"the order was charged, and there was no lock order:{order}."),
            "what comes first, what then, and what do you answer?",
            "acquire $\"order:{order}\", then charge, then release, and return true.");
        Check.That(
            !await other.IsLockedAsync($"order:{order}").ConfigureAwait(false),
            "Afterwards, the lock is free.",
            "you never released: the order was charged, and the lock was still there.",
            "the service renews the lock as long as it is held. Who ends that?",
            "release in a finally.");

        order = Random.Shared.Next();
        var thrown = new InvalidOperationException("The bank is closed.");
        call = await Attempt.RunAsync(() => payOnce(mutex, order, () => throw thrown)).ConfigureAwait(false);
        var left = await other.IsLockedAsync($"order:{order}").ConfigureAwait(false);
        Check.That(
            call.Thrown == thrown && !left,
            "If the bank fails, the caller hears of it, and the lock is free.",
            left ? "the bank failed, and the lock was still there." : call.Returned ? "the bank failed, and the caller did not hear of it." : call.Or("the bank failed, and"),
            "which of your lines run when the bank throws?",
            "try { await charge(); return true; } finally { await mutex.ReleaseAsync(…); }");

        order = Random.Shared.Next();
        charges = 0;
        var held = await other.AcquireAsync($"order:{order}").ConfigureAwait(false);
        await using var closingHeld = held.ConfigureAwait(false);
        call = await Attempt.RunAsync(() => payOnce(mutex, order, Charge)).ConfigureAwait(false);
        Check.That(
            call.Returned && !call.Result && charges == 0,
            "If somebody else has the order, it is not charged, and the answer is false.",
            call.Or("somebody else had the lock of the order, and", $"somebody else had the lock of the order; it was charged {charges} times, and the answer was {call.Result}."),
            "AcquireAsync answers a question. Which one, and who listens?",
            "if (!await mutex.AcquireAsync(…)) { return false; }");
        Check.That(
            logs.Warnings == 0,
            "Nothing is released that was not acquired.",
            "somebody else had the lock of the order, and you released it: the log has a warning.",
            "whose lock does your finally release?",
            "the finally is for those who have the lock: ask for it before the try.");

        call = await Attempt.RunAsync(() => payOnce(mutex, order ^ 1, Charge)).ConfigureAwait(false);
        Check.That(
            call.Result && charges == 1,
            "Another order need not wait for it.",
            call.Or("another order had to wait for this one."),
            "who has to wait for whom?",
            "the number of the order belongs into the key: $\"order:{order}\".");

        Task Charge()
        {
            charges++;
            return Task.CompletedTask;
        }
    });

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
