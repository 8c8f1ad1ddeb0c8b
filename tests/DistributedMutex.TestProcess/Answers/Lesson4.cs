using DistributedMutex.Workshop;

namespace DistributedMutex.TestProcess.Answers;

/// <summary>Answers to the exercises of lesson 4.</summary>
internal static class Lesson4
{
    /// <summary>Run jobs at once on one connection, and close it.</summary>
    public static IEnumerable<Answer> RunJobs()
    {
        yield return Right("one client, a mutex for each", (count, job) =>
        {
            using var client = new RedisClient();
            Threads.Run(count, _ =>
            {
                using var mutex = new RedisMutex(client.Connection);
                job(mutex);
            });
        });
        yield return Right("one mutex for all", (count, job) =>
        {
            using var mutex = new RedisMutex();
            Threads.Run(count, _ => job(mutex));
        });
        yield return Right("the mutexes are not closed, and their connection is", (count, job) =>
        {
            using var client = new RedisClient();
            Threads.Run(count, _ => job(new RedisMutex(client.Connection)));
        });
        yield return Right("closed in a finally", (count, job) =>
        {
            var client = new RedisClient();
            try
            {
                Threads.Run(count, _ => job(new RedisMutex(client.Connection)));
            }
            finally
            {
                client.Close();
            }
        });
        yield return Wrong("a connection for each, closed", "they had 8 connections", (count, job) => Threads.Run(count, _ =>
        {
            using var mutex = new RedisMutex();
            job(mutex);
        }));
        yield return Wrong("a connection for each", "they had 8 connections", (count, job) => Threads.Run(count, _ => job(new RedisMutex())));
        yield return Wrong("never closed", "the jobs were done, and 2 connections were still open", (count, job) =>
        {
            var client = new RedisClient();
            Threads.Run(count, _ =>
            {
                using var mutex = new RedisMutex(client.Connection);
                job(mutex);
            });
        });
        yield return Wrong("not closed if a job throws", "a job threw, and 2 connections were still open", (count, job) =>
        {
            var client = new RedisClient();
            Threads.Run(count, _ =>
            {
                using var mutex = new RedisMutex(client.Connection);
                job(mutex);
            });
            client.Close();
        });
        yield return Wrong("closed too early", "a job could not lock", (count, job) =>
        {
            var client = new RedisClient();
            client.Close();
            Threads.Run(count, _ => job(new RedisMutex(client.Connection)));
        });
        yield return Wrong("closed by the first job", "a job could not lock", (count, job) =>
        {
            using var client = new RedisClient();
            Threads.Run(count, number =>
            {
                using var mutex = new RedisMutex(client.Connection);
                client.Close();
                job(mutex);
            });
        });
        yield return Wrong("swallows", "never heard of it", (count, job) =>
        {
            using var mutex = new RedisMutex();
            Threads.Run(count, _ =>
            {
                try
                {
                    job(mutex);
                }
                catch (InvalidOperationException)
                {
                }
            });
        });
        yield return Wrong("one after the other", "one after the other", (count, job) =>
        {
            using var mutex = new RedisMutex();
            for (var i = 0; i < count; i++)
            {
                job(mutex);
            }
        });
        yield return Wrong("no job", "0 jobs ran", (_, _) => { });

        static Answer Right(string name, Action<int, Action<RedisMutex>> code) => Answer.Right(name, () => ConnectionCheck.RunAsync(code));
        static Answer Wrong(string name, string seen, Action<int, Action<RedisMutex>> code) => Answer.Wrong(name, seen, () => ConnectionCheck.RunAsync(code));
    }
}
