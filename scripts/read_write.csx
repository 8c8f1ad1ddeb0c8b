#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif
using System.Text.RegularExpressions;

// Three workers, each in a process of its own, share a price and its tax. All of them read, together; one of them changes
// both now and then, alone. Run it with -- --no-lock to see half of a change.

const int Versions = 5;

return await Workers.RunAsync("Many readers or one writer", WorkAsync, FindFaults, "Nobody read half of a change");

async Task WorkAsync(Worker worker)
{
    using var locks = new RedisReadWriteLock();
    var (price, tax) = ($"workshop:price:{worker.Run}", $"workshop:tax:{worker.Run}");
    for (var version = 1; version <= Versions; version++)
    {
        if (worker.Number == 1)
        {
            await using var writer = Workers.NoLock ? null : await locks.AcquireWriteAsync(price);
            locks.Database.StringSet(price, version, TimeSpan.FromMinutes(1));
            await Task.Delay(30);
            locks.Database.StringSet(tax, version, TimeSpan.FromMinutes(1));
        }

        for (var i = 0; i < 4; i++)
        {
            await using var reader = Workers.NoLock ? null : await locks.AcquireReadAsync(price);
            var first = (int)locks.Database.StringGet(price);
            await Task.Delay(5);
            worker.Say($"reads price {first} and tax {(int)locks.Database.StringGet(tax)}");
        }
    }
}

IEnumerable<string> FindFaults(IReadOnlyList<string> said)
{
    var read = said.Select(line => Regex.Match(line, @"reads price (\d+) and tax (\d+)$")).Where(match => match.Success).ToList();
    if (read.Count != 3 * 4 * Versions)
    {
        yield return $"There were {read.Count} readers instead of {3 * 4 * Versions}";
    }

    var halves = read.Count(match => match.Groups[1].Value != match.Groups[2].Value);
    if (halves > 0)
    {
        yield return $"{halves} readers read half of a change";
    }
}
