#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;

// Three workers, each in a process of its own, go through the same twelve jobs. The lock of a job lets one of them do it.
// Run it with -- --no-lock to see jobs done twice and more.

const int Jobs = 12;

return await Workers.RunAsync("Jobs that are done once", WorkAsync, FindFaults, $"All {Jobs} jobs were done, each of them once");

async Task WorkAsync(Worker worker)
{
    // A job that somebody else is doing is not waited for.
    await using var services = new ServiceCollection().AddDistributedMutex(options => options.Wait = TimeSpan.Zero).BuildServiceProvider();
    var mutex = services.GetRequiredService<IDistributedMutex>();

    // The table of jobs: job number → who has done it.
    using var redis = new RedisClient();
    var table = $"workshop:jobs:{worker.Run}";

    for (var job = 1; job <= Jobs; job++)
    {
        if (!Workers.NoLock && !await mutex.AcquireAsync($"job:{worker.Run}:{job}"))
        {
            worker.Say($"leaves job {job} to who is doing it");
            continue;
        }

        // Only who has the lock may look: else the answer is old as soon as it is there.
        if (!redis.Database.HashExists(table, job))
        {
            await Task.Delay(100);
            redis.Database.HashSet(table, job, worker.Number);
            redis.Database.KeyExpire(table, TimeSpan.FromMinutes(1));
            worker.Say($"has done job {job}");
        }

        if (!Workers.NoLock && !await mutex.ReleaseAsync($"job:{worker.Run}:{job}"))
        {
            throw new InvalidOperationException($"The lock of job {job} was lost.");
        }
    }
}

IEnumerable<string> FindFaults(IReadOnlyList<string> said)
{
    var done = said.Select(line => Regex.Match(line, @"has done job (\d+)$")).Where(match => match.Success)
        .Select(match => int.Parse(match.Groups[1].Value)).ToList();
    foreach (var job in Enumerable.Range(1, Jobs))
    {
        var times = done.Count(one => one == job);
        if (times != 1)
        {
            yield return $"Job {job} was done {times} times";
        }
    }
}
