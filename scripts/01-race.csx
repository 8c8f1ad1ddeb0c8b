#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Lesson 1 from a terminal: the race. notebooks/01-race.ipynb says more about each step.

return await Lesson.RunAsync(Steps, YourTurn);

async Task Steps()
{
    Lesson.Step(
        "What goes wrong: five threads, one counter, no lock",
        "The counter is a number in a file. To add 1 to it, a thread reads it, works out the new number, and writes it back. Each of five threads does that four times.");
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

    Lesson.Step(
        "The picture: each bar goes from a read to the write",
        "One update by each thread. The bars overlap: all read the same number, and all write the same number back. The last one wins, and nobody is told. From the read to the write, only one may be inside.");
    counter.Write(0);
    Console.WriteLine(Timeline.Record(() => Threads.Run(5, _ => AddOne())));

    Lesson.Step(
        "The fix, in one process: lock",
        "What guards such a stretch is a mutex: mutual exclusion. C# has one for the threads of one process.");
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

    Lesson.Step(
        "What goes wrong again: two processes, each with a lock of its own",
        "Your service does not run once. Here a second process adds to the same file, with the same code. A `lock` is an object in the memory of one process: the other never hears of it.");
    counter.Write(0);
    var (here, there) = await AnotherProcess.AddsTooAsync(counter, times: 20, AddOneInLock);
    Console.WriteLine($"This process added {here}, the other one {there}. That makes {here + there}. The counter says {counter.Read()}.");

    Lesson.Step(
        "The fix, for all processes: a mutex in Redis",
        "Both must ask the same third party. Here that is Redis: a lock is a key there, and only one can have it. RedisMutex does the asking.");
    using var mutex = new RedisMutex();
    var resource = Lesson.Name("counter"); // a name of your own: others may use this Redis too

    void AddOneInMutex()
    {
        if (mutex.Lock(resource))
        {
            try
            {
                AddOne();
            }
            finally
            {
                mutex.Unlock(resource);
            }
        }
    }

    counter.Write(0);
    (here, there) = await AnotherProcess.AddsTooAsync(counter, times: 20, AddOneInMutex, mutex: resource);
    Console.WriteLine($"This process added {here}, the other one {there}. That makes {here + there}. The counter says {counter.Read()}.");
}

async Task YourTurn()
{
    Lesson.Exercise("AddSafely works for one process. Make it work for two.");

    // Your turn:
    var ours = new object();

    void AddSafely(RedisMutex mutex, string resource, CounterFile counter)
    {
        lock (ours)
        {
            counter.AddOne();
        }
    }
    // Up to here.

    await CounterCheck.RunAsync(AddSafely);
}
