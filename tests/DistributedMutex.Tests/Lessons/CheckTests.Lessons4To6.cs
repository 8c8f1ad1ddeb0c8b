namespace DistributedMutex.Tests.Lessons;

public sealed partial class CheckTests
{
    [Fact]
    public Task The_connections_check_finds_too_many_and_those_that_are_not_closed_or_too_early() => FindAsync(
        """
        Task Fails(string seen, Action<int, Action<RedisMutex>> runJobs) => FailsAsync(seen, async () => ConnectionCheck.Run(runJobs));
        await Fails("they had 8 connections", (count, job) => Threads.Run(count, _ => { using var mutex = new RedisMutex(); job(mutex); }));
        await Fails("the jobs were done, and 2 connections were still open", (count, job) =>
        {
            var client = new RedisClient();
            Threads.Run(count, _ => { using var mutex = new RedisMutex(client.Connection); job(mutex); });
        });
        await Fails("a job threw, and 2 connections were still open", (count, job) =>
        {
            var client = new RedisClient();
            Threads.Run(count, _ => { using var mutex = new RedisMutex(client.Connection); job(mutex); });
            client.Close();
        });
        await Fails("a job could not lock", (count, job) =>
        {
            using var client = new RedisClient();
            Threads.Run(count, number => { var mutex = new RedisMutex(client.Connection); client.Close(); job(mutex); });
        });
        await Fails("never heard of it", (count, job) =>
        {
            using var mutex = new RedisMutex();
            Threads.Run(count, _ => { try { job(mutex); } catch { } });
        });
        await Fails("0 jobs ran", (count, job) => { });
        """);

    [Fact]
    public Task The_reports_check_finds_a_lock_that_is_held_too_short_or_too_long() => FindAsync(
        """
        Task Fails(string seen, Action<RedisMutex, string, SharedFile, Func<string>> addReport) => FailsAsync(seen, async () => ReportCheck.Run(addReport));
        await Fails("when another read it too", (mutex, resource, file, prepare) => file.Write([.. file.Read(), prepare()]));
        await Fails("when another read it too", (mutex, resource, file, prepare) =>
        {
            var report = prepare();
            var lines = file.Read();
            using (mutex.Acquire(resource)) { file.Write([.. lines, report]); }
        });
        await Fails("only one thread could prepare at a time", (mutex, resource, file, prepare) =>
        {
            using (mutex.Acquire(resource)) { file.Write([.. file.Read(), prepare()]); }
        });
        await Fails("the file has 1", (mutex, resource, file, prepare) =>
        {
            var report = prepare();
            using (mutex.Acquire(resource)) { file.Read(); file.Write([report]); }
        });
        """);

    [Fact]
    public Task The_owners_check_finds_each_step_that_is_missing_and_a_gap_between_two() => FindAsync(
        """"
        bool TryLock(string key, string token, TimeSpan lease) => RedisCli.Ask($"SET {key} {token} NX PX {lease.TotalMilliseconds:0}") == "OK";
        bool Unlock(string key, string token) => RedisCli.Ask("EVAL", "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0", "1", key, token) == "1";
        Task Fails(string seen, Func<string, string, TimeSpan, bool> tryLock, Func<string, string, bool> unlock) => FailsAsync(seen, async () => OwnerCheck.Run(tryLock, unlock));
        OwnerCheck.Run(TryLock, Unlock);
        await Fails("holds \"locked\"", (key, token, lease) => TryLock(key, "locked", lease), Unlock);
        await Fails("has no end", (key, token, lease) => RedisCli.Ask($"SET {key} {token} NX") == "OK", Unlock);
        await Fails("ms are left", (key, token, lease) => TryLock(key, token, lease / 10), Unlock);
        await Fails("another one got it", (key, token, lease) => RedisCli.Ask($"SET {key} {token} PX {lease.TotalMilliseconds:0}") == "OK", Unlock);
        await Fails("the lock was gone", TryLock, (key, token) => RedisCli.Ask($"DEL {key}") == "1");
        await Fails("the lock was gone", TryLock, (key, token) =>
        {
            var held = RedisCli.Ask($"GETDEL {key}");
            return held == token || RedisCli.Ask($"SET {key} {held}") != "OK";
        });
        await Fails("returned true", TryLock, (key, token) => { Unlock(key, token); return true; });
        await Fails("returned false", TryLock, (key, token) => { Unlock(key, token); return false; });
        await Fails("and the key was still there", TryLock, (key, token) => RedisCli.Ask($"GET {key}") == token);
        await Fails("then Unlock deleted it", TryLock, (key, token) => RedisCli.Ask($"GET {key}") == token && RedisCli.Ask($"DEL {key}") == "1");
        """");
}
