#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

// Lesson 9 from a terminal: in a service. notebooks/09-in-a-service.ipynb says more about each step.

return await Lesson.RunAsync(Steps, YourTurn, usesContainer: true);

async Task Steps()
{
    Lesson.Step(
        "What goes wrong: a service that does not look at the answer",
        "A container gives Orders the mutex. The service runs twice, and a message is delivered to both: an order is to be paid. AcquireAsync says whether you have the lock; nobody looks, and the order is charged twice.");
    var order = Random.Shared.Next(100_000, 1_000_000); // your own: others may use this Redis too

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
        Console.WriteLine($"Order {order} was charged {bank.Charges} times.");
    }

    var timeline = await Timeline.RecordAsync(() => DeliverTwice<Orders>(orders => orders.PayAsync(order), LogLevel.Warning));

    Lesson.Step(
        "The picture",
        "The log says it, but a log stops nobody. Then B gives back a lock that it does not have; that is refused, and logged too.");
    Console.WriteLine(timeline);

    Lesson.Step(
        "The fix: stop if it is false, release in a finally",
        "Somebody else is at it: come back later. If it is true, release: the lock is renewed as long as it is held, an hour at most. Here with all that is logged: Debug is for who acquired what and when, Warning and Error for what somebody should look at.");
    using var metrics = new MetricsPrinter();
    var fixedTimeline = await Timeline.RecordAsync(() => DeliverTwice<SafeOrders>(orders => orders.PayAsync(order), LogLevel.Debug));

    Lesson.Step(
        "What the others see: metrics",
        "How it goes on the whole: how long callers wait, how many waited in vain, how many locks were lost. No name of a resource is in them.");
    metrics.Print();

    Lesson.Step(
        "What the others see: traces",
        "One call: its wait and its hold are spans, with the name of the resource. The timelines of these lessons are drawn from them. In your application that is OpenTelemetry, and two lines.");
    Console.WriteLine(fixedTimeline);
}

async Task YourTurn()
{
    Lesson.Exercise("PayOnce: charge under the lock and return true, or charge nothing and return false. If the bank throws, the lock is to be free.");

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

    Lesson.Exercise("Configure is to add the mutex so that nobody waits for longer than 2 seconds, that nobody holds a lock for longer than a minute, whatever they forget (MaxHold), and that a health check takes a lock when it is asked.");

    // Your turn:
    void Configure(IServiceCollection services)
    {
        services.AddDistributedMutex();
    }
    // Up to here.

    await ConfigureCheck.RunAsync(Configure);
}

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
