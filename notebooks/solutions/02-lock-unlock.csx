void WithLock(RedisMutex mutex, string resource, Action work)
{
    if (!mutex.Lock(resource, wait: TimeSpan.FromSeconds(1)))
    {
        throw new TimeoutException($"{resource} is locked by somebody else.");
    }

    try
    {
        work();
    }
    finally
    {
        mutex.Unlock(resource);
    }
}
