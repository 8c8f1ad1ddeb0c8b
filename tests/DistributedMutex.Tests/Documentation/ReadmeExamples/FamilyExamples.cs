namespace DistributedMutex.Tests.Documentation.ReadmeExamples;

public sealed class FamilyExamples(DocumentedServer server) : Example(server)
{
    [Fact]
    public async Task Several_keys_readers_and_permits()
    {
        await using var mutex = new RedisMutex();

        #region
        await using (await mutex.AcquireAllAsync(["account:ana", "account:bob"])) // all or none
        {
            MoveMoney();
        }

        await using var locks = new RedisReadWriteLock();
        await using (await locks.AcquireReadAsync("prices")) // AcquireWriteAsync: alone
        {
            ReadPrices();
        }

        await using var semaphore = new RedisSemaphore("calls", permits: 4);
        await using (await semaphore.AcquireAsync()) // one of four
        {
            CallService();
        }
        #endregion

        Assert.Equal(["moved", "read", "called"], Done);
    }

    private void MoveMoney()
    {
        Assert.True(IsLocked("account:ana") && IsLocked("account:bob"));
        Done.Add("moved");
    }

    private void ReadPrices() => DoWhile("rwlock:prices", "read");

    private void CallService() => DoWhile("semaphore:calls", "called");

    private void DoWhile(string key, string what)
    {
        using var client = new RedisClient(Settings);
        Assert.Equal(1, client.Database.SortedSetLength(key));
        Done.Add(what);
    }
}
