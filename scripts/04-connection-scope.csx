#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Lesson 4 from a terminal: the connection. notebooks/04-connection-scope.ipynb says more about each step.

return await Lesson.RunAsync(() =>
{
    Lesson.Step("What a mutex opens, by CLIENT LIST");
    using (var mutex = new RedisMutex())
    {
        foreach (var connection in Connections.List())
        {
            Console.WriteLine(connection);
        }
    }

    Lesson.Step("What goes wrong: five threads, three times, and nobody closes anything");
    var forgotten = new System.Collections.Concurrent.ConcurrentBag<RedisMutex>();

    void WorkAndForget()
    {
        var mutex = new RedisMutex();
        forgotten.Add(mutex); // only so that they can be closed below
        using (mutex.Acquire("report"))
        {
        }
    }

    var leaked = 0;
    var leak = new BarChart("Connections after each round of five threads");
    for (var round = 1; round <= 3; round++)
    {
        Threads.Run(5, _ => WorkAndForget());
        leaked = Connections.Count();
        leak.Add($"round {round}", leaked);
    }

    Console.WriteLine(leak);

    Lesson.Step("The idea: whoever opens a connection closes it");
    foreach (var mutex in forgotten)
    {
        mutex.Close();
    }

    Console.WriteLine($"{Connections.Count()} connections");

    Lesson.Step("The fix: a scope");

    int CountAtWork(Func<RedisMutex> open)
    {
        var count = 0;
        using var all = new Barrier(5, _ => count = Connections.Count());
        Threads.Run(5, _ =>
        {
            using var mutex = open();
            all.SignalAndWait(TimeSpan.FromSeconds(30));
            using (mutex.Acquire("report"))
            {
            }
        });
        return count;
    }

    var own = CountAtWork(() => new RedisMutex());
    var ownAfterwards = Connections.Count();
    Console.WriteLine($"At work: {own}. Afterwards: {ownAfterwards}.");

    Lesson.Step("The fix: share one");
    var client = new RedisClient();
    var shared = CountAtWork(() => new RedisMutex(client.Connection));
    var sharedAfterwards = Connections.Count();
    client.Close();
    Console.WriteLine($"At work: {shared}. All mutexes closed: {sharedAfterwards}. The client closed: {Connections.Count()}.");
    Console.WriteLine(new BarChart("Connections of five threads at work")
    {
        { "one for each, never closed, three rounds", leaked },
        { "one for each, in a scope", own },
        { "one shared", shared },
    });

    Lesson.Step("Your turn: one connection for all jobs, closed when they are done, also if one of them throws");

    // Your turn:
    void RunJobs(int count, Action<RedisMutex> job)
    {
        Threads.Run(count, _ =>
        {
            var mutex = new RedisMutex();
            job(mutex);
        });
    }
    // Up to here.

    ConnectionCheck.Run(RunJobs);
    return Task.CompletedTask;
});
