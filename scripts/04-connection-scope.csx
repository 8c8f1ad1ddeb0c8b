#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Lesson 4 from a terminal: the connection. notebooks/04-connection-scope.ipynb says more about each step.

return await Lesson.RunAsync(Steps, YourTurn);

Task Steps()
{
    Lesson.Step(
        "What a mutex opens, by CLIENT LIST",
        "Redis itself says who is connected. A mutex has a pair of connections: one for commands, and one on which it is woken when it is its turn.");
    var resource = Lesson.Name("report"); // a name of your own: others may use this Redis too
    using (var mutex = new RedisMutex())
    {
        foreach (var connection in Connections.List())
        {
            Console.WriteLine(connection);
        }
    }

    Lesson.Step(
        "What goes wrong: five threads, three times, and nobody closes anything",
        "Everything works, and the connections stay: ten more with each round. A service does this for days, until Redis takes no more clients.");
    var forgotten = new System.Collections.Concurrent.ConcurrentBag<RedisMutex>();

    void WorkAndForget()
    {
        var mutex = new RedisMutex();
        forgotten.Add(mutex); // only so that they can be closed below
        using (mutex.Acquire(resource))
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

    Lesson.Step(
        "The idea: whoever opens a connection closes it",
        "new RedisMutex() opens one, and closing it closes that. new RedisMutex(client.Connection) borrows one, and leaves it open. The ones above can still be closed, because we kept them.");
    foreach (var mutex in forgotten)
    {
        mutex.Close();
    }

    Console.WriteLine($"{Connections.Count()} connections");

    Lesson.Step(
        "The fix: a scope",
        "Close is as easy to forget as Unlock, and has the same cure: using. None is left afterwards, but at work it is still a pair for each thread.");

    int CountAtWork(Func<RedisMutex> open)
    {
        var count = 0;
        using var all = new Barrier(5, _ => count = Connections.Count());
        Threads.Run(5, _ =>
        {
            using var mutex = open();
            all.SignalAndWait(TimeSpan.FromSeconds(30));
            using (mutex.Acquire(resource))
            {
            }
        });
        return count;
    }

    var own = CountAtWork(() => new RedisMutex());
    var ownAfterwards = Connections.Count();
    Console.WriteLine($"At work: {own}. Afterwards: {ownAfterwards}.");

    Lesson.Step(
        "The fix: share one",
        "A connection to Redis is made for many threads at once. So one is enough for a process: open it once, and let each thread borrow it.");
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
    return Task.CompletedTask;
}

async Task YourTurn()
{
    Lesson.Exercise("RunJobs: one connection for all jobs, closed when they are done, also if one of them throws.");

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

    await ConnectionCheck.RunAsync(RunJobs);
}
