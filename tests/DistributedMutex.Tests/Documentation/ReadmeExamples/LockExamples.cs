namespace DistributedMutex.Tests.Documentation.ReadmeExamples;

public sealed class LockExamples(DocumentedServer server) : Example(server)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lock_and_unlock(bool isTaken)
    {
        await using var other = new RedisMutex();
        await using var taken = isTaken ? await other.AcquireAsync("order:42") : null;
        Run();
        Assert.Equal(isTaken ? ["Somebody else ships it."] : ["shipped"], Done);
        Assert.Equal(isTaken, IsLocked("order:42"));

        void Run()
        {
            #region
            using var mutex = new RedisMutex();

            if (!mutex.Lock("order:42", wait: TimeSpan.FromSeconds(1)))
            {
                Console.WriteLine("Somebody else ships it.");
                return;
            }

            try
            {
                ShipOrder();
            }
            finally
            {
                if (!mutex.Unlock("order:42"))
                {
                    Console.WriteLine("The lease ended before the work did.");
                }
            }
            #endregion
        }
    }
}
