using DistributedMutex.Workshop;
using StackExchange.Redis;

namespace DistributedMutex.TestProcess.Answers;

/// <summary>Answers to the exercises of lesson 6.</summary>
internal static class Lesson6
{
    private const string Script = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

    private static readonly RedisClient Client = new(RedisServer.Use());

    private static IDatabase Redis => Client.Database;

    /// <summary>A lock of one's own, with an owner.</summary>
    public static IEnumerable<Answer> TryLockAndUnlock()
    {
        yield return Right("SET NX PX, and a script", TryLock, Unlock);
        yield return Right("SET PX NX, the other way round", (key, token, lease) => RedisCli.Ask($"SET {key} {token} PX {(long)lease.TotalMilliseconds} NX") == "OK", Unlock);
        yield return Right("the client's own commands", (key, token, lease) => Redis.LockTake(key, token, lease), (key, token) => Redis.LockRelease(key, token));
        yield return Right("StringSet and ScriptEvaluate", (key, token, lease) => Redis.StringSet(key, token, lease, When.NotExists), (key, token) => (bool)Redis.ScriptEvaluate(Script, [key], [token]));
        yield return Right("a transaction with a condition", TryLock, (key, token) =>
        {
            var transaction = Redis.CreateTransaction();
            transaction.AddCondition(Condition.StringEqual(key, token));
            var deleted = transaction.KeyDeleteAsync(key);
            return transaction.Execute() && deleted.Result;
        });
        yield return Right("a script that says yes and no", TryLock, (key, token) =>
            RedisCli.Ask("EVAL", "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1])", "1", key, token) == "1");
        yield return Wrong("stores no token", "the key holds \"locked\"", (key, _, lease) => TryLock(key, "locked", lease), Unlock);
        yield return Wrong("no end", "the key has no end", (key, token, _) => RedisCli.Ask($"SET {key} {token} NX") == "OK", Unlock);
        yield return Wrong("EX in milliseconds", "ms are left", (key, token, lease) => RedisCli.Ask($"SET {key} {token} NX EX {lease.TotalMilliseconds:0}") == "OK", Unlock);
        yield return Wrong("EX in seconds, rounded", "ms are left", (key, token, lease) => RedisCli.Ask($"SET {key} {token} NX EX {lease.TotalSeconds:0}") == "OK", Unlock);
        yield return Wrong("EX in seconds, cut off", "ms are left", (key, token, lease) => RedisCli.Ask($"SET {key} {token} NX EX {(int)lease.TotalSeconds}") == "OK", Unlock);
        yield return Wrong("EX in seconds, broken", "your code threw RedisServerException", (key, token, lease) => RedisCli.Ask(FormattableString.Invariant($"SET {key} {token} NX EX {lease.TotalSeconds}")) == "OK", Unlock);
        yield return Wrong("no NX", "another one got it", (key, token, lease) => RedisCli.Ask($"SET {key} {token} PX {lease.TotalMilliseconds:0}") == "OK", Unlock);
        yield return Wrong("SETNX, then PEXPIRE", "had no end", (key, token, lease) => RedisCli.Ask($"SETNX {key} {token}") == "1" && RedisCli.Ask($"PEXPIRE {key} {lease.TotalMilliseconds:0}") == "1", Unlock);
        yield return Wrong("StringSet, then KeyExpire", "had no end", (key, token, lease) => Redis.StringSet(key, token, when: When.NotExists) && Redis.KeyExpire(key, lease), Unlock);
        yield return Wrong("always true", "another one got it", (key, token, lease) =>
        {
            TryLock(key, token, lease);
            return true;
        }, Unlock);
        yield return Wrong("an unconditional DEL", "the lock was gone", TryLock, (key, _) => RedisCli.Ask($"DEL {key}") == "1");
        yield return Wrong("deletes, then puts it back", "somebody else got it", TryLock, (key, token) =>
        {
            var held = RedisCli.Ask($"GETDEL {key}");
            return held == token || RedisCli.Ask($"SET {key} {held} PX 30000") != "OK";
        });
        yield return Wrong("says true, whatever happens", "returned true", TryLock, (key, token) =>
        {
            Unlock(key, token);
            return true;
        });
        yield return Wrong("says false, whatever happens", "returned false", TryLock, (key, token) =>
        {
            Unlock(key, token);
            return false;
        });
        yield return Wrong("deletes nothing", "the key was still there", TryLock, (key, token) => RedisCli.Ask($"GET {key}") == token);
        yield return Wrong("GET, if, DEL", "then Unlock deleted it", TryLock, (key, token) => RedisCli.Ask($"GET {key}") == token && RedisCli.Ask($"DEL {key}") == "1");
        yield return Wrong("StringGet, if, KeyDelete", "then Unlock deleted it", TryLock, (key, token) => Redis.StringGet(key) == token && Redis.KeyDelete(key));
        yield return Wrong("a script in one text", "A script is an argument of its own", TryLock, (key, token) => RedisCli.Ask($"EVAL \"{Script}\" 1 {key} {token}") == "1");

        static bool TryLock(string key, string token, TimeSpan lease) => RedisCli.Ask($"SET {key} {token} NX PX {lease.TotalMilliseconds:0}") == "OK";
        static bool Unlock(string key, string token) => RedisCli.Ask("EVAL", Script, "1", key, token) == "1";
        static Answer Right(string name, Func<string, string, TimeSpan, bool> tryLock, Func<string, string, bool> unlock) => Answer.Right(name, () => OwnerCheck.RunAsync(tryLock, unlock));
        static Answer Wrong(string name, string seen, Func<string, string, TimeSpan, bool> tryLock, Func<string, string, bool> unlock) => Answer.Wrong(name, seen, () => OwnerCheck.RunAsync(tryLock, unlock));
    }

    /// <summary>Extend a lock from step to step.</summary>
    public static IEnumerable<Answer> WorkInSteps()
    {
        yield return Right("before each step", (held, lease, steps) => Each(steps, () => held.ExtendAsync(lease)));
        yield return Right("by number", async (held, lease, steps) =>
        {
            var done = 0;
            while (done < steps.Count && await held.ExtendAsync(lease))
            {
                await steps[done++]();
            }

            return done;
        });
        yield return Wrong("never", "a step was to begin with 60 s", (_, _, steps) => Each(steps, () => Task.FromResult(true)));
        yield return Wrong("once, at the beginning", "a step was to begin with 60 s", async (held, lease, steps) => await held.ExtendAsync(lease) ? await Each(steps, () => Task.FromResult(true)) : 0);
        yield return Wrong("to the lease that it had", "a step was to begin with 60 s", (held, _, steps) => Each(steps, () => held.ExtendAsync()));
        yield return Wrong("after each step", "a step was to begin with 60 s", async (held, lease, steps) =>
        {
            var done = 0;
            foreach (var step in steps)
            {
                await step();
                done++;
                if (!await held.ExtendAsync(lease))
                {
                    break;
                }
            }

            return done;
        });
        yield return Wrong("does not look at the answer", "3 were done", (held, lease, steps) => Each(steps, async () =>
        {
            await held.ExtendAsync(lease);
            return true;
        }));
        yield return Wrong("looks at IsHeld before it extends", "3 were done", (held, lease, steps) => Each(steps, async () =>
        {
            var isHeld = held.IsHeld;
            await held.ExtendAsync(lease);
            return isHeld;
        }));
        yield return Wrong("throws when it is lost", "your code threw OperationCanceledException", (held, lease, steps) => Each(steps, async () =>
            await held.ExtendAsync(lease) ? true : throw new OperationCanceledException()));
        yield return Wrong("counts nothing", "the answer was 0", async (held, lease, steps) =>
        {
            await Each(steps, () => held.ExtendAsync(lease));
            return 0;
        });
        yield return Wrong("does nothing", "0 of 3 steps were done", (_, _, _) => Task.FromResult(0));

        static async Task<int> Each(IReadOnlyList<Func<Task>> steps, Func<Task<bool>> mayBegin)
        {
            var done = 0;
            foreach (var step in steps)
            {
                if (!await mayBegin())
                {
                    break;
                }

                await step();
                done++;
            }

            return done;
        }

        static Answer Right(string name, Func<MutexLock, TimeSpan, IReadOnlyList<Func<Task>>, Task<int>> code) => Answer.Right(name, () => ExtendCheck.RunAsync(code));
        static Answer Wrong(string name, string seen, Func<MutexLock, TimeSpan, IReadOnlyList<Func<Task>>, Task<int>> code) => Answer.Wrong(name, seen, () => ExtendCheck.RunAsync(code));
    }
}
