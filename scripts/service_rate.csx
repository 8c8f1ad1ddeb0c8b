#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif
using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;

// One operation a second for each user, whichever of three workers (a process each) does it: the lock is never released,
// and its lease of one second is the pause. Run it with -- --no-lock to see the rate without.

const int Rounds = 2;
string[] users = ["ana", "bob"];

return await Workers.RunAsync("One operation a second for each user", WorkAsync, FindFaults, "No user had two operations within a second");

async Task WorkAsync(Worker worker)
{
    // Not renewed: the lock ends by itself. That is a loss to the library, which would log a warning if it had a logger.
    var pause = TimeSpan.FromSeconds(1);
    await using var services = new ServiceCollection().AddDistributedMutex(options =>
    {
        options.Lease = pause;
        options.Renew = false;
        options.Wait = TimeSpan.Zero;
    }).BuildServiceProvider();
    var mutex = services.GetRequiredService<IDistributedMutex>();
    await Task.WhenAll(users.Select(ServeAsync));

    // What is held at the end is released, too early for who comes next.
    await Task.Delay(pause);

    async Task ServeAsync(string user)
    {
        for (var round = 0; round < Rounds;)
        {
            // The operation is allowed at some time between the two.
            var before = Now();
            if (Workers.NoLock || await mutex.AcquireAsync($"rate:{worker.Run}:{user}"))
            {
                worker.Say(FormattableString.Invariant($"serves {user} between {before:F3} s and {Now():F3} s"));
                round++;
            }

            await Task.Delay(20);
        }
    }
}

// The same clock in all processes of a machine.
double Now() => Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;

IEnumerable<string> FindFaults(IReadOnlyList<string> said)
{
    var operations = said.Select(line => Regex.Match(line, @"serves (\w+) between ([0-9.]+) s and ([0-9.]+) s$")).Where(match => match.Success)
        .Select(match => (User: match.Groups[1].Value, Before: Seconds(match.Groups[2]), After: Seconds(match.Groups[3]))).ToList();
    foreach (var user in users)
    {
        var served = operations.Where(operation => operation.User == user).OrderBy(operation => operation.After).ToList();
        if (served.Count != 3 * Rounds)
        {
            yield return $"{user} was served {served.Count} times instead of {3 * Rounds}";
        }

        // At most so far apart: what is too close by this measure is too close by any.
        var tooSoon = served.Zip(served.Skip(1)).Count(pair => pair.Second.After - pair.First.Before < 1);
        if (tooSoon > 0)
        {
            yield return $"{user} was served {tooSoon} times within a second of the time before";
        }
    }
}

double Seconds(Group number) => double.Parse(number.Value, System.Globalization.CultureInfo.InvariantCulture);
