async Task<bool> TryAdd(RedisMutex mutex, string resource, CounterFile counter, TimeSpan wait, CancellationToken cancellationToken)
{
    await using var held = await mutex.TryAcquireAsync(resource, wait, cancellationToken: cancellationToken);
    if (held is null)
    {
        return false;
    }

    counter.AddOne();
    return true;
}

async Task<MutexLock> Reserve(RedisMutex mutex, string seat, Func<Task<bool>> isFree)
{
    var held = await mutex.TryAcquireAsync(seat, wait: TimeSpan.Zero);
    if (held is null)
    {
        return null;
    }

    try
    {
        if (await isFree())
        {
            return held; // the caller's from now on
        }
    }
    catch
    {
        await held.DisposeAsync();
        throw;
    }

    await held.DisposeAsync();
    return null;
}
