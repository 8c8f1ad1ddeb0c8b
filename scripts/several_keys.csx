#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif
using System.Text.RegularExpressions;

// Three workers, each in a process of its own, move money between three accounts, each in another order. Whoever moves or
// counts has the locks of all accounts that it looks at, or none of them. Run it with -- --no-lock to see money come and go.

const int Rounds = 5;
string[] accounts = ["ana", "bob", "eve"];

return await Workers.RunAsync("Money that stays the same", WorkAsync, FindFaults, "Nobody saw another total than 300");

async Task WorkAsync(Worker worker)
{
    using var mutex = new RedisMutex();
    string Key(string account) => $"workshop:account:{worker.Run}:{account}";
    foreach (var account in accounts)
    {
        mutex.Database.StringSet(Key(account), 100, TimeSpan.FromMinutes(1), StackExchange.Redis.When.NotExists);
    }

    for (var round = 0; round < Rounds; round++)
    {
        // Some name ana and then bob, others bob and then ana: one lock after the other, they could wait for each other for ever.
        var from = accounts[(worker.Number + round) % 3];
        var to = accounts[(worker.Number + round + 1 + (worker.Number % 2)) % 3];
        await using (Workers.NoLock ? null : await mutex.AcquireAllAsync([Key(from), Key(to)]))
        {
            var (less, more) = ((int)mutex.Database.StringGet(Key(from)) - 10, (int)mutex.Database.StringGet(Key(to)) + 10);
            await Task.Delay(20);
            mutex.Database.StringSet(Key(from), less, TimeSpan.FromMinutes(1));
            mutex.Database.StringSet(Key(to), more, TimeSpan.FromMinutes(1));
        }

        await using (Workers.NoLock ? null : await mutex.AcquireAllAsync(accounts.Select(account => (LockKey)Key(account))))
        {
            worker.Say($"sees a total of {accounts.Sum(account => (int)mutex.Database.StringGet(Key(account)))}");
        }
    }
}

IEnumerable<string> FindFaults(IReadOnlyList<string> said)
{
    var totals = said.Select(line => Regex.Match(line, @"sees a total of (-?\d+)$")).Where(match => match.Success).Select(match => match.Groups[1].Value).ToList();
    if (totals.Count != 3 * Rounds)
    {
        yield return $"The total was seen {totals.Count} times instead of {3 * Rounds}";
    }

    foreach (var total in totals.Where(total => total != "300").Distinct())
    {
        yield return $"A total of {total} was seen";
    }
}
