#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Lesson 2 from a terminal: Lock and Unlock. notebooks/02-lock-unlock.ipynb says more about each step.

return await Lesson.RunAsync(Steps, YourTurn);

async Task Steps()
{
    Lesson.Step(
        "What Redis holds",
        "Lock says whether you have the lock. While you do, there is a key in Redis. Its value is the owner token: who holds the lock. Its time to live is the lease: if your process dies, Redis drops the key when that ends.");
    using var mutex = new RedisMutex();
    var resource = Lesson.Name("report"); // a name of your own: others may use this Redis too

    if (mutex.Lock(resource))
    {
        RedisCli.Run($"GET lock:{resource}");
        RedisCli.Run($"TTL lock:{resource}");
        mutex.Unlock(resource);
    }

    RedisCli.Run($"GET lock:{resource}");

    Lesson.Step(
        "What goes wrong: work throws, and there is no finally",
        "The lease is 2 seconds here, so that you need not wait for long. Nobody is working any more, and it is still locked.");
    using var hasty = new RedisMutex(new MutexOptions { Lease = TimeSpan.FromSeconds(2) });

    void PrintReport()
    {
        throw new InvalidOperationException("The printer is on fire.");
    }

    void LockAndPrint()
    {
        hasty.Lock(resource);
        PrintReport();
        hasty.Unlock(resource); // never reached
    }

    try
    {
        LockAndPrint();
    }
    catch (InvalidOperationException e)
    {
        Console.WriteLine(e.Message);
    }

    Console.WriteLine($"Is it still locked? {await mutex.IsLockedAsync(resource)}");

    Lesson.Step(
        "The picture: the first thread throws, the second one waits for the end of the lease",
        "The first bar goes on long after the exception. The lease is a net for processes that die, no way to unlock. Two seconds, please…");
    resource = Lesson.Name("report"); // the one above is still locked

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
                mutex.Lock(resource, wait: TimeSpan.FromSeconds(5));
                mutex.Unlock(resource);
            }
        });
    }));

    Lesson.Step(
        "The fix: try and finally",
        "Whoever locks must unlock, on every way out. And whoever did not get the lock must neither work nor unlock.");

    void LockAndPrintSafely()
    {
        if (!hasty.Lock(resource, wait: TimeSpan.FromSeconds(1)))
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
            hasty.Unlock(resource);
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

    Console.WriteLine($"Is it still locked? {await mutex.IsLockedAsync(resource)}");
}

async Task YourTurn()
{
    Lesson.Exercise("WithLock is to run any work under the lock: give it back if the work throws, and do not work without it.");

    // Your turn:
    void WithLock(RedisMutex mutex, string resource, Action work)
    {
        mutex.Lock(resource, wait: TimeSpan.FromSeconds(1));
        work();
        mutex.Unlock(resource);
    }
    // Up to here.

    await LockUnlockCheck.RunAsync(WithLock);

    Lesson.Exercise("Each server has a timer that starts the same job every minute. Who comes while it runs is to skip this turn, not to stand in line and do it all again. RunOrSkip returns true if the job has run, and false, at once, if it was skipped. A job that failed must not stop those that come after.");

    // Your turn:
    bool RunOrSkip(RedisMutex mutex, string resource, Action job)
    {
        if (mutex.Lock(resource))
        {
            job();
            mutex.Unlock(resource);
            return true;
        }

        return false;
    }
    // Up to here.

    await SkipCheck.RunAsync(RunOrSkip);
}
