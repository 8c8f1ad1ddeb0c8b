#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif
using System.Text.RegularExpressions;

// Three workers, each in a process of its own and with four tasks, call somebody's service, which allows two calls at a time.
// Run it with -- --no-lock to see how many calls there would be.

const int Allowed = 2;
const int Tasks = 4;

return await Workers.RunAsync("Two calls at a time", WorkAsync, FindFaults, $"There were never more than {Allowed} calls at a time");

async Task WorkAsync(Worker worker)
{
    using var semaphore = new RedisSemaphore($"calls:{worker.Run}", Allowed);
    await Task.WhenAll(Enumerable.Range(1, Tasks).Select(async number =>
    {
        await using var permit = Workers.NoLock ? null : await semaphore.AcquireAsync();

        // The service: it counts the calls that are under way.
        var calls = $"workshop:calls:{worker.Run}";
        var underWay = await semaphore.Database.StringIncrementAsync(calls);
        await semaphore.Database.KeyExpireAsync(calls, TimeSpan.FromMinutes(1));
        worker.Say($"call {number} is one of {underWay}");
        await Task.Delay(100);
        await semaphore.Database.StringDecrementAsync(calls);
    }));
}

IEnumerable<string> FindFaults(IReadOnlyList<string> said)
{
    var calls = said.Select(line => Regex.Match(line, @"is one of (\d+)$")).Where(match => match.Success).Select(match => int.Parse(match.Groups[1].Value)).ToList();
    if (calls.Count != 3 * Tasks)
    {
        yield return $"There were {calls.Count} calls instead of {3 * Tasks}";
    }

    if (calls.Max() > Allowed)
    {
        yield return $"There were {calls.Max()} calls at a time, and {Allowed} are allowed";
    }
}
