using StackExchange.Redis;

namespace DistributedMutex.Benchmarks.Locks;

/// <summary>The client's own LockTake in a loop, and its LockRelease.</summary>
internal sealed class LockTakeAdapter(IDatabase database, string resource, TimeSpan retry) : LockAdapter
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private readonly RedisKey _key = "lock:" + resource;
    private string _token = "";

    public override async Task<bool> AcquireAsync(CancellationToken stop)
    {
        _token = Guid.NewGuid().ToString("N");
        while (!await database.LockTakeAsync(_key, _token, Lease))
        {
            await Task.Delay(retry, stop);
        }

        return true;
    }

    public override Task<bool> ReleaseAsync() => database.LockReleaseAsync(_key, _token);

    public override bool Acquire(CancellationToken stop)
    {
        _token = Guid.NewGuid().ToString("N");
        while (!database.LockTake(_key, _token, Lease))
        {
            stop.WaitHandle.WaitOne(retry);
            stop.ThrowIfCancellationRequested();
        }

        return true;
    }

    public override bool Release() => database.LockRelease(_key, _token);
}
