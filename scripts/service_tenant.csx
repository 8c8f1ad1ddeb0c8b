#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;

// Two instances of a service serve two tenants. Requests of one tenant wait for each other, whichever instance they come to;
// those of the other do not wait for them. Run it with -- --no-lock to see requests of one tenant at the same time.

string[] tenants = ["acme", "acme:resource:orders"];   // A tenant may call itself what it likes: LockKey.Of lets it forge no other key.

return await Workers.RunAsync(
    "Tenants that do not wait for each other", WorkAsync, FindFaults, "Requests of one tenant waited for each other, and for nobody else's", count: 1);

async Task WorkAsync(Worker worker)
{
    var patience = TimeSpan.FromSeconds(30);
    await using var first = new ServiceCollection().AddDistributedMutex(options => options.Wait = patience).BuildServiceProvider();
    await using var second = new ServiceCollection().AddDistributedMutex(options => options.Wait = patience).BuildServiceProvider();
    var mutexes = new[] { first.GetRequiredService<IDistributedMutex>(), second.GetRequiredService<IDistributedMutex>() };

    // The first request of each tenant stays inside until it has met that of the other, or has waited for it long enough.
    var arrived = new CountdownEvent(tenants.Length);
    var allArrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    await Task.WhenAll(tenants.SelectMany(tenant => new[] { 1, 2, 3 }.Select(number => ServeAsync(tenant, number))));

    async Task ServeAsync(string tenant, int number)
    {
        var mutex = mutexes[number % 2];
        if (!Workers.NoLock && !await mutex.AcquireAsync(LockKey.Of("tenant", tenant, "resource", "orders")))
        {
            throw new InvalidOperationException($"Request {number} of {tenant} could not be served.");
        }

        worker.Say($"{tenant}: request {number} begins");
        if (number == 1)
        {
            if (arrived.Signal())
            {
                allArrived.SetResult();
            }

            await Task.WhenAny(allArrived.Task, Task.Delay(patience / 3));
        }

        await Task.Delay(50);
        worker.Say($"{tenant}: request {number} ends");
        if (!Workers.NoLock && !await mutex.ReleaseAsync(LockKey.Of("tenant", tenant, "resource", "orders")))
        {
            throw new InvalidOperationException($"Request {number} of {tenant} lost its lock.");
        }
    }
}

IEnumerable<string> FindFaults(IReadOnlyList<string> said)
{
    var inside = new List<string>();
    var met = false;
    foreach (var line in said.Select(line => Regex.Match(line, @"\] (.+): request (\d) (begins|ends)$")).Where(match => match.Success))
    {
        var tenant = line.Groups[1].Value;
        if (line.Groups[3].Value == "ends")
        {
            inside.Remove(tenant);
            continue;
        }

        if (inside.Contains(tenant))
        {
            yield return $"Request {line.Groups[2].Value} of {tenant} did not wait for the one before";
        }

        inside.Add(tenant);
        met |= inside.Distinct().Count() == tenants.Length;
    }

    if (!met)
    {
        yield return "Requests of one tenant waited for those of the other";
    }
}
