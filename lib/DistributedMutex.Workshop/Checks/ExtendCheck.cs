using System.Globalization;

namespace DistributedMutex.Workshop;

/// <summary>Checks code that extends its lock from step to step (lesson 6). Redis itself is asked how long is left.</summary>
public static class ExtendCheck
{
    private static readonly TimeSpan Begin = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    /// <param name="workInSteps">Is to extend the lock to the lease before each step, to stop when it is lost, and to return how many steps are done.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static Task RunAsync(Func<MutexLock, TimeSpan, IReadOnlyList<Func<Task>>, Task<int>> workInSteps) => Check.RunAsync("6.2", async () =>
    {
        await using var mutex = new RedisMutex(new MutexOptions { Lease = Begin, Renew = false });
        var resource = Lesson.Name("check");
        await using (var held = await mutex.AcquireAsync(resource).ConfigureAwait(false))
        {
            var left = new List<double>();
            Func<Task> step = () =>
            {
                left.Add(double.Parse(RedisCli.Ask($"PTTL lock:{resource}"), CultureInfo.InvariantCulture) / 1000);

                // The step takes long: little is left for the next.
                RedisCli.Ask($"PEXPIRE lock:{resource} 20000");
                return Task.CompletedTask;
            };
            var call = await Attempt.RunAsync(() => workInSteps(held, Lease, [step, step, step])).ConfigureAwait(false);
            Check.That(
                call.Returned && left.Count == 3 && left.TrueForAll(seconds => seconds > 50 && seconds <= 60),
                "Each step begins with a whole lease.",
                call.Or(left.Count != 3 ? $"{left.Count} of 3 steps were done." : $"a step was to begin with 60 s, and they had: {string.Join(", ", left.Select(seconds => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s")))}."),
                "what makes the lease longer, and when must that be?",
                "await held.ExtendAsync(lease) before each step.");
            Check.That(
                call.Result == 3,
                "It says how many steps are done.",
                $"3 steps were done, and the answer was {call.Result}.",
                "what do you count?",
                "done++ after each step, and return done.");
        }

        resource = Lesson.Name("check");
        await using var lost = await mutex.AcquireAsync(resource).ConfigureAwait(false);
        var steps = 0;
        Func<Task> count = () =>
        {
            // After the second, somebody else has it.
            RedisCli.Ask(++steps == 2 ? $"DEL lock:{resource}" : "PING");
            return Task.CompletedTask;
        };
        var stopped = await Attempt.RunAsync(() => workInSteps(lost, Lease, [count, count, count])).ConfigureAwait(false);
        Check.That(
            stopped.Returned && steps == 2 && stopped.Result == 2,
            "If the lock is lost, the next step is not begun.",
            stopped.Or("the lock was lost after the second step, and", $"the lock was lost after the second step; {steps} were done, and the answer was {stopped.Result}."),
            "ExtendAsync answers a question. Which one?",
            "if (!await held.ExtendAsync(lease)) { return done; }");
    });
}
