#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Lesson 7 from a terminal: fencing. notebooks/07-fencing.ipynb says more about each step.

return await Lesson.RunAsync(async () =>
{
    Lesson.Step("What goes wrong: a writer that was stopped wakes up late");
    var mutex = new RedisMutex();

    bool Save(Document document, long fence, string text)
    {
        document.Text = text; // whatever comes
        return true;
    }

    async Task TwoWriters(Document report, Func<Document, long, string, bool> save)
    {
        Timeline.EnterLane("Writer 2");

        // Another process: it holds the lock, has looked, and is stopped.
        using var late = await StoppedWriter.StartAsync("report", "5 orders");
        Console.WriteLine($"Writer 1 has fence {late.Fence}. It looks: IsHeld is {late.WasHeld}. It is stopped.");

        await using (var held = await mutex.AcquireAsync("report", wait: TimeSpan.FromSeconds(30)))
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

    Lesson.Step("The picture");
    Console.WriteLine(timeline);

    Lesson.Step("The fix: the store refuses a smaller fence than it has seen");

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

    Lesson.Step("What one Redis cannot promise: a replica takes over that has not heard of the lock");

    async Task FailOver()
    {
        using var servers = await TwoServers.StartAsync();
        await using var before = new RedisMutex(servers.First);
        await using (await before.AcquireAsync("report"))
        {
            // Both servers know of this holder.
        }

        await servers.BreakLinkAsync();
        await using var first = await before.AcquireAsync("report");
        await servers.FailOverAsync();

        await using var after = new RedisMutex(servers.Second);
        await using var second = await after.AcquireAsync("report", wait: TimeSpan.Zero); // one try
        Console.WriteLine($"The first writer has fence {first.Fence}, IsHeld is {first.IsHeld}.");
        Console.WriteLine($"The second writer has fence {second.Fence}, IsHeld is {second.IsHeld}.");

        var report = new Document();
        Console.WriteLine($"The second saves 6 orders: {SaveIfNotLate(report, second.Fence, "6 orders")}");
        Console.WriteLine($"The first saves 5 orders: {SaveIfNotLate(report, first.Fence, "5 orders")}");
        Console.WriteLine($"The report says: {report.Text}");
    }

    await FailOver();

    Lesson.Step("Your turn: let two save at once, and run this script again");

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
});
