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

bool RunOrSkip(RedisMutex mutex, string resource, Action job)
{
    if (!mutex.Lock(resource, wait: TimeSpan.Zero))
    {
        return false; // the next turn comes anyway
    }

    try
    {
        job();
        return true;
    }
    finally
    {
        mutex.Unlock(resource);
    }
}
