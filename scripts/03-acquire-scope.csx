#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Lesson 3 from a terminal: the scope. notebooks/03-acquire-scope.ipynb says more about each step.

return await Lesson.RunAsync(Steps, YourTurn);

async Task Steps()
{
    Lesson.Step(
        "What goes wrong: nobody looks at what Lock returns",
        "There is a lock, and there is a finally. But they do not wait for long, and whoever gave up works all the same, and then unlocks what is not theirs.");
    using var mutex = new RedisMutex();
    var resource = Lesson.Name("counter"); // a name of your own: others may use this Redis too
    var counter = new CounterFile();
    using (mutex.Acquire(resource)) { } // the first time takes longer

    Console.WriteLine(Timeline.Record(() => Threads.Run(5, _ =>
    {
        mutex.Lock(resource, wait: TimeSpan.FromMilliseconds(5)); // false, and nobody hears of it
        try
        {
            counter.AddOne();
        }
        finally
        {
            mutex.Unlock(resource);
        }
    })));
    Console.WriteLine($"Five threads added 5. The counter says {counter.Read()}.");

    Lesson.Step(
        "The fix: a scope, or an exception",
        "A lock that you do not have must be hard to overlook, and one that you have must end with a block of code. Acquire throws, or returns an object that holds the lock until it is disposed.");
    counter.Write(0);
    Console.WriteLine(Timeline.Record(() => Threads.Run(5, _ =>
    {
        using (mutex.Acquire(resource, wait: TimeSpan.FromSeconds(5)))
        {
            counter.AddOne();
        }
    })));
    Console.WriteLine($"Five threads added 5. The counter says {counter.Read()}.");

    Lesson.Step(
        "An exception inside",
        "The scope ends, whatever ends it. There is no finally to forget.");
    try
    {
        using (mutex.Acquire(resource))
        {
            throw new InvalidOperationException("The printer is on fire.");
        }
    }
    catch (InvalidOperationException e)
    {
        Console.WriteLine(e.Message);
    }

    Console.WriteLine($"Is it still locked? {await mutex.IsLockedAsync(resource)}");

    Lesson.Step(
        "A time-out",
        "Somebody else holds the lock for longer than you want to wait. The message says what, how long, and who has it. If that is nothing special, TryAcquireAsync returns null instead.");
    try
    {
        using (mutex.Acquire(resource))
        {
            using (mutex.Acquire(resource, wait: TimeSpan.FromSeconds(0.3)))
            {
                Console.WriteLine("Nobody gets here.");
            }
        }
    }
    catch (LockAcquisitionException e)
    {
        Console.WriteLine(e.Message);
    }

    Lesson.Step(
        "Cancellation: one holds, one gives up after 0.3 seconds, one is cancelled after 0.6",
        "The user has closed the window, or your service is shutting down: nobody wants the lock any more. Hand your CancellationToken on, and the wait ends.");
    async Task Hold()
    {
        await using (await mutex.AcquireAsync(resource))
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
        }
    }

    async Task GiveUp()
    {
        var held = await mutex.TryAcquireAsync(resource, wait: TimeSpan.FromSeconds(0.3));
        Timeline.Mark(held is null ? "got null" : "got the lock");
    }

    async Task BeCancelled()
    {
        using var closing = new CancellationTokenSource(TimeSpan.FromSeconds(0.6));
        try
        {
            await using (await mutex.AcquireAsync(resource, cancellationToken: closing.Token))
            {
            }
        }
        catch (OperationCanceledException)
        {
            Timeline.Mark("OperationCanceledException");
        }
    }

    Console.WriteLine(await Timeline.RecordAsync(() => Tasks.Run(("holder", Hold), ("impatient", GiveUp), ("cancelled", BeCancelled))));
}

async Task YourTurn()
{
    Lesson.Exercise("TryAdd: false if the lock cannot be had in time, an exception if it is cancelled, and no lock left behind.");

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

    Lesson.Exercise("A scope need not end where it began. Reserve is to lock a seat, look whether it is free, and hand the lock to its caller, who pays and then disposes it. If somebody else is at this seat, or it is sold, the caller gets null at once, and no lock stays behind; nor does one if looking throws.");

    // Your turn:
    async Task<MutexLock> Reserve(RedisMutex mutex, string seat, Func<Task<bool>> isFree)
    {
        await using var held = await mutex.TryAcquireAsync(seat);
        return held is not null && await isFree() ? held : null;
    }
    // Up to here.

    await ReserveCheck.RunAsync(Reserve);
}
