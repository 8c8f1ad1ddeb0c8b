void AddSafely(RedisMutex mutex, string resource, CounterFile counter)
{
    if (!mutex.Lock(resource))
    {
        throw new TimeoutException("The counter was locked by somebody else for too long.");
    }

    try
    {
        counter.AddOne();
    }
    finally
    {
        mutex.Unlock(resource);
    }
}
