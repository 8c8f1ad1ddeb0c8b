#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Lesson 5 from a terminal: five threads. notebooks/05-five-threads.ipynb says more about each step.

return await Lesson.RunAsync(Steps, YourTurn);

Task Steps()
{
    var file = new SharedFile();

    string Prepare(int number)
    {
        using (Timeline.Work("prepare"))
        {
            Thread.Sleep(100);
        }

        return $"report of thread {number}";
    }

    void AddLine(string report)
    {
        var lines = file.Read();
        using (Timeline.Work($"line {lines.Count + 1}"))
        {
            Thread.Sleep(80); // think
        }

        file.Write([.. lines, $"{lines.Count + 1}. {report}"]);
    }

    void PrintFile()
    {
        Console.WriteLine($"Five threads added a report. The file has {file.Read().Count}:");
        foreach (var line in file.Read())
        {
            Console.WriteLine(line);
        }
    }

    Lesson.Step(
        "What goes wrong: five threads prepare a report and add it to a file, without a lock",
        "Preparing takes a while and needs nobody. Adding is to read, to think and to write. Fast, and wrong: all read the empty file, and all write line 1.");
    Console.WriteLine(Timeline.Record(() => Threads.Run(5, number =>
    {
        var report = Prepare(number);
        AddLine(report);
    })));
    PrintFile();

    Lesson.Step(
        "The fix: a lock around it all",
        "Nobody can get in the way now. But look how long it takes.");
    using var mutex = new RedisMutex();
    var resource = Lesson.Name("report"); // a name of your own: others may use this Redis too
    using (mutex.Acquire(resource)) { } // the first time takes longer

    file.Write([]);
    var slow = Timeline.Record(() => Threads.Run(5, number =>
    {
        using (mutex.Acquire(resource))
        {
            var report = Prepare(number);
            AddLine(report);
        }
    }));
    Console.WriteLine(slow);
    PrintFile();

    Lesson.Step(
        "The same in figures",
        "The last one waits for all the others: what you do under the lock, everybody waits for. While one prepares, four others wait for nothing. So hold the lock for as short as you can, and not shorter: for the read, the thinking and the write.");
    foreach (var hold in slow.Spans.Where(span => span.Activity == TimelineActivity.Holding))
    {
        var wait = slow.Spans.First(span => span.Lane == hold.Lane && span.Activity == TimelineActivity.Waiting);
        Console.WriteLine($"{hold.Lane} waited {(wait.End - wait.Start).TotalMilliseconds:0} ms, held for {(hold.End - hold.Start).TotalMilliseconds:0} ms");
    }

    Console.WriteLine($"All were done after {slow.Length.TotalMilliseconds:0} ms.");
    return Task.CompletedTask;
}

async Task YourTurn()
{
    Lesson.Exercise("AddReport holds the lock all the time. Make it hold the lock only as long as it must.");

    // Your turn:
    void AddReport(RedisMutex mutex, string resource, SharedFile file, Func<string> prepare)
    {
        using (mutex.Acquire(resource))
        {
            var lines = file.Read();
            var report = prepare();
            using (Timeline.Work($"line {lines.Count + 1}"))
            {
                Thread.Sleep(80); // think
            }

            file.Write([.. lines, $"{lines.Count + 1}. {report}"]);
        }
    }
    // Up to here.

    await ReportCheck.RunAsync(AddReport);

    Lesson.Exercise("Five threads want the same report, and it is dear. GetReport is to prepare it once; who only takes what is there already need not wait for anybody.");

    // Your turn:
    string GetReport(RedisMutex mutex, string resource, SharedFile file, Func<string> prepare)
    {
        var lines = file.Read();
        if (lines.Count > 0)
        {
            return lines[0];
        }

        var report = prepare();
        file.Write([report]);
        return report;
    }
    // Up to here.

    await ReportOnceCheck.RunAsync(GetReport);
}
