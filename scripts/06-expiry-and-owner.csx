#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Lesson 6 from a terminal: expiry and owner. notebooks/06-expiry-and-owner.ipynb says more about each step.

return await Lesson.RunAsync(Steps, YourTurn);

async Task Steps()
{
    Lesson.Step(
        "A lock in two lines, as many write it first",
        "NX sets the key only if it is not there. PX is the lease in milliseconds: the lock of a process that has died goes away. It seems to work.");
    var naive = $"lock:{Lesson.Name("naive")}"; // names of your own: others may use this Redis too
    var resource = Lesson.Name("report");

    bool NaiveTryLock(TimeSpan lease) => RedisCli.Ask($"SET {naive} locked NX PX {lease.TotalMilliseconds:0}") == "OK";

    void NaiveUnlock() => RedisCli.Ask($"DEL {naive}");

    async Task NaiveLock(TimeSpan lease)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!NaiveTryLock(lease))
        {
            await Task.Delay(10, limit.Token);
        }
    }

    var tenSeconds = TimeSpan.FromSeconds(10);
    Console.WriteLine($"A asks: {NaiveTryLock(tenSeconds)}");
    Console.WriteLine($"B asks: {NaiveTryLock(tenSeconds)}");
    NaiveUnlock();
    Console.WriteLine($"A has unlocked. B asks: {NaiveTryLock(tenSeconds)}");
    NaiveUnlock();

    Lesson.Step(
        "What goes wrong: A pauses for longer than its lease of 0.3 s",
        "A slow disk, a garbage collection, a laptop that was shut. B gets in while A is still inside. Then A deletes a lock that is no longer its own, so C gets in while B is inside. One pause, and everybody after it is unprotected.");
    TaskCompletionSource bIsInside = new(), cIsInside = new(), bIsDone = new();

    async Task NaiveA()
    {
        await NaiveLock(TimeSpan.FromSeconds(0.3));
        using (Timeline.Work("A is inside"))
        {
            await bIsInside.Task.WaitAsync(tenSeconds); // the pause
            await Task.Delay(100);
        }

        Timeline.Mark("A deletes the lock");
        RedisCli.Run($"GET {naive}");
        RedisCli.Run($"DEL {naive}");
    }

    async Task NaiveB()
    {
        await NaiveLock(tenSeconds);
        using (Timeline.Work("B is inside"))
        {
            bIsInside.SetResult();
            await cIsInside.Task.WaitAsync(tenSeconds);
            await Task.Delay(100);
        }

        Timeline.Mark("B deletes the lock");
        NaiveUnlock();
        bIsDone.SetResult();
    }

    async Task NaiveC()
    {
        await bIsInside.Task.WaitAsync(tenSeconds);
        await NaiveLock(tenSeconds);
        using (Timeline.Work("C is inside"))
        {
            cIsInside.SetResult();
            await bIsDone.Task.WaitAsync(tenSeconds);
            await Task.Delay(100);
        }

        NaiveUnlock();
    }

    Console.WriteLine(await Timeline.RecordAsync(() => Tasks.Run(("A", NaiveA), ("B", NaiveB), ("C", NaiveC))));

    Lesson.Step(
        "The fix: an owner token",
        "The key holds a token that is another for each lock, and unlocking deletes the key only if it still holds that token. The same story with RedisMutex: A is told that it did not hold the lock any more, B keeps it, and C has to wait.");
    using var mutex = new RedisMutex();
    using var hasty = new RedisMutex(new MutexOptions { Lease = TimeSpan.FromSeconds(0.3) });
    using (hasty.Acquire(resource)) { } // the first time takes longer

    TaskCompletionSource aHasIt = new(), bHasIt = new(), aIsDone = new(), cIsDone = new();

    async Task A()
    {
        await hasty.LockAsync(resource);
        aHasIt.SetResult();
        await bHasIt.Task.WaitAsync(tenSeconds); // the pause
        await Task.Delay(100);
        Timeline.Mark("A unlocks");
        Console.WriteLine($"A unlocks: {await hasty.UnlockAsync(resource)}");
        aIsDone.SetResult();
    }

    async Task B()
    {
        await aHasIt.Task.WaitAsync(tenSeconds);
        await using (await mutex.AcquireAsync(resource))
        {
            bHasIt.SetResult();
            await cIsDone.Task.WaitAsync(tenSeconds);
        }
    }

    async Task C()
    {
        await aIsDone.Task.WaitAsync(tenSeconds);
        await using (var held = await mutex.TryAcquireAsync(resource, wait: TimeSpan.FromSeconds(0.2)))
        {
            Console.WriteLine($"C has the lock: {held is not null}");
        }

        cIsDone.SetResult();
    }

    Console.WriteLine(await Timeline.RecordAsync(() => Tasks.Run(("A", A), ("B", B), ("C", C))));

    Lesson.Step(
        "Renewal: a scope lives for longer than its lease of 1.5 s",
        "A was still inside when its lease ended. A longer lease makes that rarer, but everybody waits longer for a process that has died. Better: a short one that is renewed while the process lives. A scope does that by itself; Lock does not.");
    using var brief = new RedisMutex(new MutexOptions { Lease = TimeSpan.FromSeconds(1.5) });

    await using (var held = await brief.AcquireAsync(resource))
    {
        for (var i = 0; i < 3; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(0.7));
            Console.WriteLine($"The key has {RedisCli.Ask($"PTTL lock:{resource}")} ms left.");
        }

        held.Lost.ThrowIfCancellationRequested();
        Console.WriteLine("Still held, after 2.1 s.");
    }

    Lesson.Step(
        "Lost: somebody deletes the key, and the holder is told",
        "A lock can be lost all the same: Redis was restarted, or could not be reached for a whole lease. Lost is a CancellationToken, cancelled the moment the lock can no longer be relied on. Hand it to whatever you do under the lock.");
    await using (var held = await brief.AcquireAsync(resource))
    {
        RedisCli.Run($"DEL lock:{resource}"); // somebody
        try
        {
            await Task.Delay(tenSeconds, held.Lost); // work that can be stopped
            Console.WriteLine("Done.");
        }
        catch (OperationCanceledException)
        {
            Console.WriteLine($"Stopped. Is it held? {held.IsHeld}");
        }
    }
}

async Task YourTurn()
{
    Lesson.Exercise("Mend the naive lock: TryLock and Unlock are given a token that nobody else has. To compare and to delete must be one step: Redis runs a Lua script as one, RedisCli.Ask(\"EVAL\", script, \"1\", key, token). In the script the key is KEYS[1], the token is ARGV[1], and a command is redis.call('GET', KEYS[1]).");

    // Your turn:
    bool TryLock(string key, string token, TimeSpan lease) =>
        RedisCli.Ask($"SET {key} locked NX PX {lease.TotalMilliseconds:0}") == "OK";

    bool Unlock(string key, string token) =>
        RedisCli.Ask($"DEL {key}") == "1";
    // Up to here.

    await OwnerCheck.RunAsync(TryLock, Unlock);

    Lesson.Exercise("The renewal of this lock is off, so a job says itself that it is alive: ExtendAsync gives the lock a whole lease from now on, and answers whether you still have it. WorkInSteps is to extend before each step, to begin none when the lock is lost, and to return how many are done.");

    // Your turn:
    async Task<int> WorkInSteps(MutexLock held, TimeSpan lease, IReadOnlyList<Func<Task>> steps)
    {
        var done = 0;
        foreach (var step in steps)
        {
            await step();
            done++;
        }

        return done;
    }
    // Up to here.

    await ExtendCheck.RunAsync(WorkInSteps);
}
