using System.Text.Json.Nodes;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Lessons;

/// <summary>Each check finds each mistake that a learner may make. In a process of its own, because the checks choose a server for theirs.</summary>
[Collection(Alone.Name)]
public sealed partial class CheckTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task The_counters_check_finds_what_is_not_locked_at_all_or_not_unlocked() => FindAsync(
        """
        var mutex = new RedisMutex();
        var counter = new CounterFile();
        await FailsAsync("20 updates", async () => CounterCheck.WithFiveThreads(counter, counter.AddOne));
        await FailsAsync("two processes made", () => CounterCheck.WithAnotherProcessAsync(counter, "c1", counter.AddOne));
        await FailsAsync("two processes made", () => CounterCheck.WithAnotherProcessAsync(counter, "c2", () => { using (mutex.Acquire("another")) { counter.AddOne(); } }));
        await FailsAsync("20 updates", async () => CounterCheck.WithFiveThreads(counter, () => { }));
        await FailsAsync("waited 5 s", () => CounterCheck.WithAnotherProcessAsync(counter, "c3", () => { mutex.Lock("c3", TimeSpan.Zero); Thread.Sleep(100); }));
        """);

    [Fact]
    public Task The_check_of_Lock_and_Unlock_finds_each_step_that_is_missing() => FindAsync(
        """
        void Run(Action<RedisMutex, string, Action> withLock) => LockUnlockCheck.Run(withLock);
        Task Fails(string seen, Action<RedisMutex, string, Action> withLock) => FailsAsync(seen, async () => Run(withLock));
        var wait = TimeSpan.FromMilliseconds(200);
        await Fails("there was no lock", (mutex, resource, work) => work());
        await Fails("the work ran 0 times", (mutex, resource, work) => { });
        await Fails("after the work, the lock was still there", (mutex, resource, work) => { mutex.Lock(resource, wait); work(); });
        await Fails("never heard of it", (mutex, resource, work) => { mutex.Lock(resource, wait); try { work(); } catch { } finally { mutex.Unlock(resource); } });
        await Fails("the work threw, and the lock was still there", (mutex, resource, work) => { mutex.Lock(resource, wait); work(); mutex.Unlock(resource); });
        await Fails("and the work ran", (mutex, resource, work) => { mutex.Lock(resource, wait); try { work(); } finally { mutex.Unlock(resource); } });
        await Fails("and it is gone", (mutex, resource, work) =>
        {
            if (mutex.Lock(resource, wait)) { try { work(); } finally { mutex.Unlock(resource); } }
            else { mutex.Database.KeyDelete($"lock:{resource}"); }
        });
        """);

    [Fact]
    public Task The_scopes_check_finds_each_step_that_is_missing() => FindAsync(
        """
        await FailsAsync("8 tasks added", () => ScopeCheck.RunAsync(async (mutex, resource, counter, wait, stop) => { counter.AddOne(); return true; }));
        await FailsAsync("returned true", () => ScopeCheck.RunAsync(async (mutex, resource, counter, wait, stop) =>
        {
            await using (await mutex.AcquireAsync(resource, wait)) { counter.AddOne(); }
            return false;
        }));
        await FailsAsync("adding threw, and the lock was still there", () => ScopeCheck.RunAsync(async (mutex, resource, counter, wait, stop) =>
        {
            await mutex.LockAsync(resource, wait);
            counter.AddOne();
            return await mutex.UnlockAsync(resource);
        }));
        await FailsAsync("the answer was True", () => ScopeCheck.RunAsync(async (mutex, resource, counter, wait, stop) =>
        {
            await using (await mutex.TryAcquireAsync(resource, wait)) { counter.AddOne(); }
            return true;
        }));
        await FailsAsync("it was cancelled, and went on waiting", () => ScopeCheck.RunAsync(async (mutex, resource, counter, wait, stop) =>
        {
            await using var held = await mutex.TryAcquireAsync(resource, wait);
            if (held is not null) { counter.AddOne(); }
            return held is not null;
        }));
        """);

    private async Task FindAsync(string code)
    {
        var setup = Path.Combine(Clone.Root, "scripts", "setup.csx").Replace('\\', '/');
        var cell = $$"""
            #load "{{setup}}"
            RedisServer.Use();

            async Task FailsAsync(string seen, Func<Task> check)
            {
                try
                {
                    await check();
                }
                catch (CheckFailedException e)
                {
                    if (e.Seen.Contains(seen) && e.Hint != "")
                    {
                        return;
                    }

                    throw new InvalidOperationException($"'{seen}' was not found, but '{e.Seen}'");
                }

                throw new InvalidOperationException($"'{seen}' was not found");
            }

            {{code}}
            """;
        _folder.Write("mistakes.ipynb", new JsonObject
        {
            ["metadata"] = new JsonObject(),
            ["cells"] = new JsonArray(new JsonObject { ["cell_type"] = "code", ["id"] = "mistakes", ["metadata"] = new JsonObject(), ["source"] = cell }),
        }.ToJsonString());
        using var run = ChildProcess.StartNotebooks(_folder.Path, ["run", _folder.File("mistakes.ipynb")]);
        Assert.True(await run.ExitAsync() == 0, run.Said);
    }
}
