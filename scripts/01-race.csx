#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Lesson 1 from a terminal: the race. notebooks/01-race.ipynb says more about each step.

return await Lesson.RunAsync(async () =>
{
    Lesson.Step("What goes wrong: five threads, one counter, no lock");
    var counter = new CounterFile();

    void AddOne()
    {
        var number = counter.Read();
        using (Timeline.Work($"read {number}"))
        {
            Thread.Sleep(10); // think
        }

        counter.Write(number + 1);
    }

    Threads.Run(5, _ =>
    {
        for (var i = 0; i < 4; i++)
        {
            AddOne();
        }
    });
    Console.WriteLine($"Five threads added 20. The counter says {counter.Read()}.");

    Lesson.Step("The picture: each bar goes from a read to the write");
    counter.Write(0);
    Console.WriteLine(Timeline.Record(() => Threads.Run(5, _ => AddOne())));

    Lesson.Step("The fix, in one process: lock");
    var gate = new object();

    void AddOneInLock()
    {
        lock (gate)
        {
            AddOne();
        }
    }

    counter.Write(0);
    Console.WriteLine(Timeline.Record(() => Threads.Run(5, _ => AddOneInLock())));
    Console.WriteLine($"Five threads added 5. The counter says {counter.Read()}.");

    Lesson.Step("What goes wrong again: two processes, each with a lock of its own");
    counter.Write(0);
    var (here, there) = await AnotherProcess.AddsTooAsync(counter, times: 20, AddOneInLock);
    Console.WriteLine($"This process added {here}, the other one {there}. That makes {here + there}. The counter says {counter.Read()}.");

    Lesson.Step("The fix, for all processes: a mutex in Redis");
    var mutex = new RedisMutex();

    void AddOneInMutex()
    {
        if (mutex.Lock("counter"))
        {
            try
            {
                AddOne();
            }
            finally
            {
                mutex.Unlock("counter");
            }
        }
    }

    counter.Write(0);
    (here, there) = await AnotherProcess.AddsTooAsync(counter, times: 20, AddOneInMutex, mutex: "counter");
    Console.WriteLine($"This process added {here}, the other one {there}. That makes {here + there}. The counter says {counter.Read()}.");

    Lesson.Step("Your turn: it works for one process. Make it work for two, and run this script again");

    // Your turn:
    void AddSafely()
    {
        lock (gate)
        {
            AddOne();
        }
    }
    // Up to here.

    CounterCheck.WithFiveThreads(counter, AddSafely);
    await CounterCheck.WithAnotherProcessAsync(counter, "counter", AddSafely);
});
