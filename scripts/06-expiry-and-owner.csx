#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Lesson 6 from a terminal: expiry and owner. notebooks/06-expiry-and-owner.ipynb says more about each step.

return await Lesson.RunAsync(async () =>
{
    Lesson.Step("A lock in two lines, as many write it first");

    bool NaiveTryLock(TimeSpan lease) => RedisCli.Ask($"SET lock:naive locked NX PX {lease.TotalMilliseconds:0}") == "OK";

    void NaiveUnlock() => RedisCli.Ask("DEL lock:naive");

    async Task NaiveLock(TimeSpan lease)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!NaiveTryLock(lease))
        {
            await Task.Delay(10, limit.Token);
        }
    }

    var tenSeconds = TimeSpan.FromSeconds(10);
    NaiveUnlock(); // what an earlier run may have left
    Console.WriteLine($"A asks: {NaiveTryLock(tenSeconds)}");
    Console.WriteLine($"B asks: {NaiveTryLock(tenSeconds)}");
    NaiveUnlock();
    Console.WriteLine($"A has unlocked. B asks: {NaiveTryLock(tenSeconds)}");
    NaiveUnlock();

    Lesson.Step("What goes wrong: A pauses for longer than its lease of 0.3 s, and deletes a lock that is not its own");
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
        RedisCli.Run("GET lock:naive");
        RedisCli.Run("DEL lock:naive");
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

    Lesson.Step("The fix: an owner token. The same story with RedisMutex");
    var mutex = new RedisMutex();
    var hasty = new RedisMutex(new MutexOptions { Lease = TimeSpan.FromSeconds(0.3) });
    using (hasty.Acquire("report")) { } // the first time takes longer

    TaskCompletionSource aHasIt = new(), bHasIt = new(), aIsDone = new(), cIsDone = new();

    async Task A()
    {
        await hasty.LockAsync("report");
        aHasIt.SetResult();
        await bHasIt.Task.WaitAsync(tenSeconds); // the pause
        await Task.Delay(100);
        Timeline.Mark("A unlocks");
        Console.WriteLine($"A unlocks: {await hasty.UnlockAsync("report")}");
        aIsDone.SetResult();
    }

    async Task B()
    {
        await aHasIt.Task.WaitAsync(tenSeconds);
        await using (await mutex.AcquireAsync("report"))
        {
            bHasIt.SetResult();
            await cIsDone.Task.WaitAsync(tenSeconds);
        }
    }

    async Task C()
    {
        await aIsDone.Task.WaitAsync(tenSeconds);
        await using (var held = await mutex.TryAcquireAsync("report", wait: TimeSpan.FromSeconds(0.2)))
        {
            Console.WriteLine($"C has the lock: {held is not null}");
        }

        cIsDone.SetResult();
    }

    Console.WriteLine(await Timeline.RecordAsync(() => Tasks.Run(("A", A), ("B", B), ("C", C))));

    Lesson.Step("Renewal: a scope lives for longer than its lease of 1.5 s");
    var brief = new RedisMutex(new MutexOptions { Lease = TimeSpan.FromSeconds(1.5) });

    await using (var held = await brief.AcquireAsync("report"))
    {
        for (var i = 0; i < 3; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(0.7));
            Console.WriteLine($"The key has {RedisCli.Ask("PTTL lock:report")} ms left.");
        }

        held.Lost.ThrowIfCancellationRequested();
        Console.WriteLine("Still held, after 2.1 s.");
    }

    Lesson.Step("Lost: somebody deletes the key, and the holder is told");
    await using (var held = await brief.AcquireAsync("report"))
    {
        RedisCli.Run("DEL lock:report"); // somebody
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

    Lesson.Step("Your turn: mend the naive lock. To compare and to delete must be one step: RedisCli.Ask(\"EVAL\", script, \"1\", key, token)");

    // Your turn:
    bool TryLock(string key, string token, TimeSpan lease) =>
        RedisCli.Ask($"SET {key} locked NX PX {lease.TotalMilliseconds:0}") == "OK";

    bool Unlock(string key, string token) =>
        RedisCli.Ask($"DEL {key}") == "1";
    // Up to here.

    OwnerCheck.Run(TryLock, Unlock);
});
