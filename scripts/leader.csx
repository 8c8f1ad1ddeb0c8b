#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif
using System.Text.RegularExpressions;

// Three workers, each in a process of its own, elect a leader: a loop over a lock and its Lost. Each leads for a while and
// then stands down, as if it were shut down. Run it with -- --no-lock to see three leaders.

const int Steps = 10;

return await Workers.RunAsync("One leader at a time", WorkAsync, FindFaults, "There was one leader at a time, and each had its turn");

async Task WorkAsync(Worker worker)
{
    using var mutex = new RedisMutex();
    for (var step = 0; step < Steps;)
    {
        // Until it is elected. A leader that dies is succeeded when its lease ends, one that stands down at once.
        await using var lead = Workers.NoLock ? null : await mutex.AcquireAsync($"leader:{worker.Run}", Timeout.InfiniteTimeSpan);
        var leaders = $"workshop:leaders:{worker.Run}";
        var others = await mutex.Database.StringIncrementAsync(leaders) - 1;
        await mutex.Database.KeyExpireAsync(leaders, TimeSpan.FromMinutes(1));
        worker.Say($"leads, beside {others} others");

        // Once Lost is cancelled somebody else may lead: a step must be short, or take the token, or show its fence.
        while (lead?.Lost.IsCancellationRequested != true && step < Steps)
        {
            step++;
            await Task.Delay(40);
        }

        await mutex.Database.StringDecrementAsync(leaders);
    }
}

IEnumerable<string> FindFaults(IReadOnlyList<string> said)
{
    var others = said.Select(line => Regex.Match(line, @"leads, beside (\d+) others$")).Where(match => match.Success).Select(match => int.Parse(match.Groups[1].Value)).ToList();
    if (others.Count < 3)
    {
        yield return $"{others.Count} of 3 workers have led";
    }

    if (others.Max() > 0)
    {
        yield return $"There were {others.Max() + 1} leaders at a time";
    }
}
