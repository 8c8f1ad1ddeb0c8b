#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Lesson 7 from a terminal: fencing. notebooks/07-fencing.ipynb says more about each step.

return await Lesson.RunAsync(Steps, YourTurn);

async Task Steps()
{
    Lesson.Step(
        "What goes wrong: a writer that was stopped wakes up late",
        "Another process acquires the lock, looks whether it still holds it, and is about to save. Then it is stopped, by a real signal. After a second its lease is over, and the second writer gets the lock and saves. Then the first goes on.");
    var resource = Lesson.Name("report"); // a name of your own: others may use this Redis too
    using var mutex = new RedisMutex();

    bool Save(Document document, long fence, string text)
    {
        document.Text = text; // whatever comes
        return true;
    }

    async Task TwoWriters(Document report, Func<Document, long, string, bool> save)
    {
        Timeline.EnterLane("Writer 2");

        // Another process: it holds the lock, has looked, and is stopped.
        using var late = await StoppedWriter.StartAsync(resource, "5 orders");
        Console.WriteLine($"Writer 1 has fence {late.Fence}. It looks: IsHeld is {late.WasHeld}. It is stopped.");

        await using (var held = await mutex.AcquireAsync(resource, wait: TimeSpan.FromSeconds(30)))
        {
            await Task.Delay(200); // works
            var saved = save(report, held.Fence, "6 orders");
            Timeline.Mark("saves 6 orders");
            Console.WriteLine($"Writer 2 has fence {held.Fence}. It saves 6 orders: {saved}");
        }

        // It has looked, so it goes on.
        var text = await late.WakeAsync();
        Console.WriteLine($"Writer 1 wakes up. It saves {text}: {save(report, late.Fence, text)}");
        Console.WriteLine($"The report says: {report.Text}");
    }

    var timeline = await Timeline.RecordAsync(() => TwoWriters(new Document(), Save));

    Lesson.Step(
        "The picture",
        "The sixth order is lost, though no two held the lock at the same time: between the look and the write there is always room to be stopped. Only the store can tell that a write comes late.");
    Console.WriteLine(timeline);

    Lesson.Step(
        "The fix: the store refuses a smaller fence than it has seen",
        "Each holder gets a number that is greater than that of every holder before it: its fence. It sends it along with each write. In a table that is one column and one condition: … WHERE id = @id AND fence <= @fence.");

    bool SaveIfNotLate(Document document, long fence, string text)
    {
        if (fence < document.Fence)
        {
            return false; // who held the lock later has already saved
        }

        document.Fence = fence;
        document.Text = text;
        return true;
    }

    await TwoWriters(new Document(), SaveIfNotLate);

    Lesson.Step(
        "What one Redis cannot promise: a replica takes over that has not heard of the lock",
        "The server says \"yours\" before its replica has copied that. If it dies in that moment, the lock is forgotten, and two hold it. The fence still rises, since it follows the clock: the store is safe.");

    async Task FailOver()
    {
        using var servers = await TwoServers.StartAsync();

        // Its server will be gone, and to give a lock back to that one would take ten seconds: so it is never disposed.
        var before = new RedisMutex(servers.First, new MutexOptions { Lease = TimeSpan.FromSeconds(5) });
        await using (await before.AcquireAsync(resource))
        {
            // Both servers know of this holder.
        }

        await servers.BreakLinkAsync();
        var first = await before.AcquireAsync(resource);
        await servers.FailOverAsync();

        await using var after = new RedisMutex(servers.Second);
        await using var second = await after.AcquireAsync(resource, wait: TimeSpan.Zero); // one try
        Console.WriteLine($"The first writer has fence {first.Fence}, IsHeld is {first.IsHeld}.");
        Console.WriteLine($"The second writer has fence {second.Fence}, IsHeld is {second.IsHeld}.");

        var report = new Document();
        Console.WriteLine($"The second saves 6 orders: {SaveIfNotLate(report, second.Fence, "6 orders")}");
        Console.WriteLine($"The first saves 5 orders: {SaveIfNotLate(report, first.Fence, "5 orders")}");
        Console.WriteLine($"The report says: {report.Text}");    }

    await FailOver();
}

async Task YourTurn()
{
    Lesson.Exercise("SaveSafely works for one caller at a time. But a store has many: do not let two of them save at once.");

    // Your turn:
    bool SaveSafely(Document document, long fence, string text)
    {
        if (fence < document.Fence)
        {
            return false;
        }

        document.Fence = fence;
        document.Text = text;
        return true;
    }
    // Up to here.

    await FenceCheck.RunAsync(SaveSafely);

    Lesson.Exercise("Most stores are servers, and a lock in your process does not reach into them. SaveInRedis keeps fence and text in a hash in Redis. It looks, and then writes: two commands, and another process may come between them. Make it one step.");

    // Your turn:
    bool SaveInRedis(string key, long fence, string text)
    {
        var seen = RedisCli.Ask("HGET", key, "fence");
        if (seen != "(nil)" && fence < long.Parse(seen))
        {
            return false;
        }

        RedisCli.Ask("HSET", key, "fence", $"{fence}", "text", text);
        return true;
    }
    // Up to here.

    await FencedStoreCheck.RunAsync(SaveInRedis);
}
