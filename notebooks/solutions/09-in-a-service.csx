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

void Configure(IServiceCollection services)
{
    services.AddDistributedMutex(options =>
    {
        options.Wait = TimeSpan.FromSeconds(2);
        options.MaxHold = TimeSpan.FromMinutes(1);
    });
    services.AddHealthChecks().AddDistributedMutex();
}
