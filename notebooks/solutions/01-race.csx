void AddSafely()
{
    if (!mutex.Lock("counter"))
    {
        throw new TimeoutException("The counter was locked by somebody else for too long.");
    }

    try
    {
        AddOne();
    }
    finally
    {
        mutex.Unlock("counter");
    }
}
