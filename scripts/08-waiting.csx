#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Lesson 8 from a terminal: waiting. notebooks/08-waiting.ipynb says more about each step.

return await Lesson.RunAsync(Steps, YourTurn);

Task Steps()
{
    Lesson.Step(
        "What goes wrong: five threads ask, and sleep, and ask again",
        "This is how most code waits for a lock in Redis. Nothing happens for a whole second, and yet each thread asks ten times. The lock is free, and nobody knows: all are asleep. And whoever gives it back is awake, and has it again: the others starve. Measured in three seconds:");
    var coffee = Lesson.Name("coffee"); // a name of your own: others may use this Redis too

    void LockByPolling(int thread)
    {
        while (RedisCli.Ask($"SET lock:{coffee} thread-{thread} NX PX 30000") != "OK")
        {
            Thread.Sleep(100); // ask again later
        }
    }

    void UnlockAfterPolling(int thread) => RedisCli.Ask($"DEL lock:{coffee}");

    var polling = new Waiters(LockByPolling, UnlockAfterPolling);
    polling.Measure();

    Lesson.Step(
        "The picture: one turn each",
        "Each bar is a thread that works; between the bars nobody does.");
    Console.WriteLine(Timeline.Record(polling.TakeOneTurnEach));

    Lesson.Step(
        "The fix: a queue; whoever releases the lock hands it to the next",
        "Do not ask: stand in a queue, and be told. RedisMutex keeps the queue in Redis. Who releases the lock writes the next one's token into it and tells its owner, all in one script: the lock passes from hand to hand, like a baton.");
    var mutexes = Enumerable.Range(0, 6).Select(_ => new RedisMutex()).ToList();

    void LockInQueue(int thread)
    {
        if (!mutexes[thread].Lock(coffee, wait: TimeSpan.FromSeconds(30)))
        {
            throw new TimeoutException("The coffee machine was taken for too long.");
        }
    }

    void UnlockInQueue(int thread) => mutexes[thread].Unlock(coffee);

    var baton = new Waiters(LockInQueue, UnlockInQueue, mutexes);
    baton.Measure();
    Console.WriteLine(Timeline.Record(baton.TakeOneTurnEach));

    Lesson.Step(
        "Both side by side",
        "Who waits, sleeps; the next one has the lock at once; and the turns are shared.");
    Console.WriteLine(new BarChart("Commands in one second of waiting")
    {
        { "polling", polling.Commands },
        { "baton", baton.Commands },
    });
    Console.WriteLine(new BarChart("From a release to the next holder", "ms")
    {
        { "polling", polling.HandOff.TotalMilliseconds },
        { "baton", baton.HandOff.TotalMilliseconds },
    });
    var turns = new BarChart("Turns in one second");
    for (var thread = 1; thread <= 5; thread++)
    {
        turns.Add($"polling, thread {thread}", polling.Turns[thread - 1]);
    }

    for (var thread = 1; thread <= 5; thread++)
    {
        turns.Add($"baton, thread {thread}", baton.Turns[thread - 1]);
    }

    Console.WriteLine(turns);
    return Task.CompletedTask;
}

async Task YourTurn()
{
    Lesson.Exercise("Somebody has put the old loop around the new lock. Make LockInTurn stand in the queue.");

    // Your turn:
    bool LockInTurn(RedisMutex mutex, string resource, TimeSpan patience)
    {
        var end = DateTime.UtcNow + patience;
        while (DateTime.UtcNow < end)
        {
            if (mutex.Lock(resource, wait: TimeSpan.Zero))
            {
                return true;
            }

            Thread.Sleep(50);
        }

        return false;
    }
    // Up to here.

    await WaitingCheck.RunAsync(LockInTurn);

    Lesson.Exercise("A foreign client hands nothing on: there, even RedisMutex asks again and again. PatientOptions is to ask again after 50 ms, then after twice that, and so on, but after 400 ms at most; and to give up after five retries. There is a RetryStrategy for that.");

    // Your turn:
    MutexOptions PatientOptions() => new()
    {
        Retry = TimeSpan.FromMilliseconds(50),
    };
    // Up to here.

    await RetryCheck.RunAsync(PatientOptions);
}
