#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Lesson 2 from a terminal: Lock and Unlock. notebooks/02-lock-unlock.ipynb says more about each step.

return await Lesson.RunAsync(async () =>
{
    Lesson.Step("What Redis holds");
    var mutex = new RedisMutex();

    if (mutex.Lock("report"))
    {
        RedisCli.Run("GET lock:report");
        RedisCli.Run("TTL lock:report");
        mutex.Unlock("report");
    }

    RedisCli.Run("GET lock:report");

    Lesson.Step("What goes wrong: work throws, and there is no finally (a lease of 2 seconds)");
    var hasty = new RedisMutex(new MutexOptions { Lease = TimeSpan.FromSeconds(2) });

    void PrintReport()
    {
        throw new InvalidOperationException("The printer is on fire.");
    }

    void LockAndPrint()
    {
        hasty.Lock("report");
        PrintReport();
        hasty.Unlock("report"); // never reached
    }

    try
    {
        LockAndPrint();
    }
    catch (InvalidOperationException e)
    {
        Console.WriteLine(e.Message);
    }

    Console.WriteLine($"Is it still locked? {await mutex.IsLockedAsync("report")}");

    Lesson.Step("The picture: the first thread throws, the second one waits for the end of the lease");
    while (await mutex.IsLockedAsync("report"))
    {
        await Task.Delay(50); // the lease of the step above
    }

    Console.WriteLine(Timeline.Record(() =>
    {
        using var locked = new ManualResetEventSlim();
        Threads.Run(2, number =>
        {
            if (number == 1)
            {
                try
                {
                    LockAndPrint();
                }
                catch (InvalidOperationException)
                {
                    Timeline.Mark("exception");
                    locked.Set();
                }
            }
            else
            {
                locked.Wait();
                mutex.Lock("report", wait: TimeSpan.FromSeconds(5));
                mutex.Unlock("report");
            }
        });
    }));

    Lesson.Step("The fix: try and finally");

    void LockAndPrintSafely()
    {
        if (!hasty.Lock("report", wait: TimeSpan.FromSeconds(1)))
        {
            Console.WriteLine("Somebody else is printing.");
            return;
        }

        try
        {
            PrintReport();
        }
        finally
        {
            hasty.Unlock("report");
        }
    }

    try
    {
        LockAndPrintSafely();
    }
    catch (InvalidOperationException e)
    {
        Console.WriteLine(e.Message);
    }

    Console.WriteLine($"Is it still locked? {await mutex.IsLockedAsync("report")}");

    Lesson.Step("Your turn: give the lock back if the work throws; do not work without it");

    // Your turn:
    void WithLock(RedisMutex mutex, string resource, Action work)
    {
        mutex.Lock(resource, wait: TimeSpan.FromSeconds(1));
        work();
        mutex.Unlock(resource);
    }
    // Up to here.

    LockUnlockCheck.Run(WithLock);
});
