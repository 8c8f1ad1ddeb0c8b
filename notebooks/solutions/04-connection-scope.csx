void RunJobs(int count, Action<RedisMutex> job)
{
    using var client = new RedisClient();
    Threads.Run(count, _ =>
    {
        using var mutex = new RedisMutex(client.Connection);
        job(mutex);
    });
}
