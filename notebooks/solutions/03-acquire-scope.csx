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
