using StackExchange.Redis;

namespace DistributedMutex.Benchmarks.Locks;

/// <summary>The poll loop of a tutorial, with a correct release: SET NX PX every so often, EVALSHA compare-and-delete.</summary>
internal sealed class PollAdapter(IDatabase database, string resource, TimeSpan retry) : LockAdapter
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private readonly RedisKey _key = "lock:" + resource;
    private string _token = "";

    public override async Task<bool> AcquireAsync(CancellationToken stop)
    {
        _token = Guid.NewGuid().ToString("N");
        while (!await database.StringSetAsync(_key, _token, Lease, When.NotExists))
        {
            await Task.Delay(retry, stop);
        }

        return true;
    }

    public override async Task<bool> ReleaseAsync() =>
        (bool)await database.ScriptEvaluateAsync(CompareAndDelete.Hash, [_key], [_token]);

    public override bool Acquire(CancellationToken stop)
    {
        _token = Guid.NewGuid().ToString("N");
        while (!database.StringSet(_key, _token, Lease, When.NotExists))
        {
            stop.WaitHandle.WaitOne(retry);
            stop.ThrowIfCancellationRequested();
        }

        return true;
    }

    public override bool Release() => (bool)database.ScriptEvaluate(CompareAndDelete.Hash, [_key], [_token]);
}
