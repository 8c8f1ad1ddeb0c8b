#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Lesson 5 from a terminal: five threads. notebooks/05-five-threads.ipynb says more about each step.

return await Lesson.RunAsync(() =>
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

    Lesson.Step("What goes wrong: five threads prepare a report and add it to a file, without a lock");
    Console.WriteLine(Timeline.Record(() => Threads.Run(5, number =>
    {
        var report = Prepare(number);
        AddLine(report);
    })));
    PrintFile();

    Lesson.Step("The fix: a lock around it all");
    var mutex = new RedisMutex();
    using (mutex.Acquire("report")) { } // the first time takes longer

    file.Write([]);
    var slow = Timeline.Record(() => Threads.Run(5, number =>
    {
        using (mutex.Acquire("report"))
        {
            var report = Prepare(number);
            AddLine(report);
        }
    }));
    Console.WriteLine(slow);
    PrintFile();

    Lesson.Step("The same in figures");
    foreach (var hold in slow.Spans.Where(span => span.Activity == TimelineActivity.Holding))
    {
        var wait = slow.Spans.First(span => span.Lane == hold.Lane && span.Activity == TimelineActivity.Waiting);
        Console.WriteLine($"{hold.Lane} waited {(wait.End - wait.Start).TotalMilliseconds:0} ms, held for {(hold.End - hold.Start).TotalMilliseconds:0} ms");
    }

    Console.WriteLine($"All were done after {slow.Length.TotalMilliseconds:0} ms.");

    Lesson.Step("Your turn: hold the lock only as long as you must");

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

    file.Write([]);
    Console.WriteLine(Timeline.Record(() => Threads.Run(5, number => AddReport(mutex, "report", file, () => Prepare(number)))));
    ReportCheck.Run(AddReport);
    return Task.CompletedTask;
});
