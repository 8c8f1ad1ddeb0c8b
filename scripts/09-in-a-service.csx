#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

// Lesson 9 from a terminal: in a service. notebooks/09-in-a-service.ipynb says more about each step.

return await Lesson.RunAsync(async () =>
{
    Lesson.Step("What goes wrong: a service that does not look at the answer");

    ServiceProvider Start<T>(string name, SlowBank bank, LogLevel level) where T : class => new ServiceCollection()
        .AddDistributedMutex(options => options.Wait = TimeSpan.FromSeconds(0.3))
        .AddSingleton<ILoggerFactory>(new LogPrinter(name, level)) // your host has one already
        .AddSingleton(bank)
        .AddSingleton<T>()
        .BuildServiceProvider();

    async Task DeliverTwice<T>(Func<T, Task> pay, LogLevel level) where T : class
    {
        var bank = new SlowBank();
        await using var a = Start<T>("A", bank, level);
        await using var b = Start<T>("B", bank, level);
        await bank.WhileItWorksAsync(
            ("Service A", () => pay(a.GetRequiredService<T>())),
            ("Service B", () => pay(b.GetRequiredService<T>())));
        Console.WriteLine($"Order 42 was charged {bank.Charges} times.");
    }

    var timeline = await Timeline.RecordAsync(() => DeliverTwice<Orders>(orders => orders.PayAsync(42), LogLevel.Warning));

    Lesson.Step("The picture");
    Console.WriteLine(timeline);

    Lesson.Step("The fix: stop if it is false, release in a finally; here with all that is logged");
    using var metrics = new MetricsPrinter();
    var fixedTimeline = await Timeline.RecordAsync(() => DeliverTwice<SafeOrders>(orders => orders.PayAsync(42), LogLevel.Debug));

    Lesson.Step("What the others see: metrics");
    metrics.Print();

    Lesson.Step("What the others see: traces");
    Console.WriteLine(fixedTimeline);

    Lesson.Step("Your turn: charge under the lock, or not at all, and run this script again");

    // Your turn:
    async Task<bool> PayOnce(IDistributedMutex mutex, int order, Func<Task> charge)
    {
        await mutex.AcquireAsync($"order:{order}");
        await charge();
        await mutex.ReleaseAsync($"order:{order}");
        return true;
    }
    // Up to here.

    await ServiceCheck.RunAsync(PayOnce);
}, usesContainer: true);

class Orders(IDistributedMutex mutex, SlowBank bank)
{
    public async Task PayAsync(int order)
    {
        await mutex.AcquireAsync($"order:{order}"); // true or false, and nobody looks
        if (!bank.IsPaid(order))
        {
            await bank.ChargeAsync(order);
        }

        await mutex.ReleaseAsync($"order:{order}");
    }
}

class SafeOrders(IDistributedMutex mutex, SlowBank bank)
{
    public async Task PayAsync(int order)
    {
        if (!await mutex.AcquireAsync($"order:{order}"))
        {
            return; // the message is delivered again later
        }

        try
        {
            if (!bank.IsPaid(order))
            {
                await bank.ChargeAsync(order);
            }
        }
        finally
        {
            await mutex.ReleaseAsync($"order:{order}");
        }
    }
}
