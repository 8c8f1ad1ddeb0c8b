#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Lesson 3 from a terminal: the scope. notebooks/03-acquire-scope.ipynb says more about each step.

return await Lesson.RunAsync(async () =>
{
    Lesson.Step("What goes wrong: nobody looks at what Lock returns");
    var mutex = new RedisMutex();
    var counter = new CounterFile();
    using (mutex.Acquire("counter")) { } // the first time takes longer

    Console.WriteLine(Timeline.Record(() => Threads.Run(5, _ =>
    {
        mutex.Lock("counter", wait: TimeSpan.FromMilliseconds(5)); // false, and nobody hears of it
        try
        {
            counter.AddOne();
        }
        finally
        {
            mutex.Unlock("counter");
        }
    })));
    Console.WriteLine($"Five threads added 5. The counter says {counter.Read()}.");

    Lesson.Step("The fix: a scope, or an exception");
    counter.Write(0);
    Console.WriteLine(Timeline.Record(() => Threads.Run(5, _ =>
    {
        using (mutex.Acquire("counter", wait: TimeSpan.FromSeconds(5)))
        {
            counter.AddOne();
        }
    })));
    Console.WriteLine($"Five threads added 5. The counter says {counter.Read()}.");

    Lesson.Step("An exception inside");
    try
    {
        using (mutex.Acquire("report"))
        {
            throw new InvalidOperationException("The printer is on fire.");
        }
    }
    catch (InvalidOperationException e)
    {
        Console.WriteLine(e.Message);
    }

    Console.WriteLine($"Is it still locked? {await mutex.IsLockedAsync("report")}");

    Lesson.Step("A time-out");
    try
    {
        using (mutex.Acquire("report"))
        {
            using (mutex.Acquire("report", wait: TimeSpan.FromSeconds(0.3)))
            {
                Console.WriteLine("Nobody gets here.");
            }
        }
    }
    catch (LockAcquisitionException e)
    {
        Console.WriteLine(e.Message);
    }

    Lesson.Step("Cancellation: one holds, one gives up after 0.3 seconds, one is cancelled after 0.6");
    async Task Hold()
    {
        await using (await mutex.AcquireAsync("report"))
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
        }
    }

    async Task GiveUp()
    {
        var held = await mutex.TryAcquireAsync("report", wait: TimeSpan.FromSeconds(0.3));
        Timeline.Mark(held is null ? "got null" : "got the lock");
    }

    async Task BeCancelled()
    {
        using var closing = new CancellationTokenSource(TimeSpan.FromSeconds(0.6));
        try
        {
            await using (await mutex.AcquireAsync("report", cancellationToken: closing.Token))
            {
            }
        }
        catch (OperationCanceledException)
        {
            Timeline.Mark("OperationCanceledException");
        }
    }

    Console.WriteLine(await Timeline.RecordAsync(() => Tasks.Run(("holder", Hold), ("impatient", GiveUp), ("cancelled", BeCancelled))));

    Lesson.Step("Your turn: false if the lock cannot be had, an exception if it is cancelled, and no lock left behind");

    // Your turn:
    async Task<bool> TryAdd(RedisMutex mutex, string resource, CounterFile counter, TimeSpan wait, CancellationToken cancellationToken)
    {
        await mutex.LockAsync(resource, wait);
        counter.AddOne();
        await mutex.UnlockAsync(resource);
        return true;
    }
    // Up to here.

    await ScopeCheck.RunAsync(TryAdd);
});
