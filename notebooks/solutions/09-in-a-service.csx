async Task<bool> PayOnce(IDistributedMutex mutex, int order, Func<Task> charge)
{
    if (!await mutex.AcquireAsync($"order:{order}"))
    {
        return false;
    }

    try
    {
        await charge();
        return true;
    }
    finally
    {
        await mutex.ReleaseAsync($"order:{order}");
    }
}
