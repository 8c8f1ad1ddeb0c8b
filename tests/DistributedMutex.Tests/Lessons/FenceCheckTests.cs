using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Lessons;

/// <summary>The mistakes that the check of lesson 7 finds. It finds all of these before it asks a server.</summary>
public sealed class FenceCheckTests
{
    [Fact]
    public async Task A_store_that_takes_whatever_comes_fails() => await FailsAsync("was not refused", (document, _, text) =>
    {
        document.Text = text;
        return true;
    });

    [Fact]
    public async Task A_store_that_refuses_the_same_holder_fails() => await FailsAsync("saved again", (document, fence, text) =>
    {
        lock (document)
        {
            if (fence <= document.Fence)
            {
                return false;
            }

            (document.Fence, document.Text) = (fence, text);
            return true;
        }
    });

    [Fact]
    public async Task A_store_that_has_one_fence_for_all_documents_fails()
    {
        var highest = 0L;
        await FailsAsync("because of another document", (document, fence, text) =>
        {
            lock (document)
            {
                if (fence < highest)
                {
                    return false;
                }

                (highest, document.Text) = (fence, text);
                return true;
            }
        });
    }

    [Fact]
    public async Task A_store_that_looks_before_it_locks_fails() => await FailsAsync("saved at once", (document, fence, text) =>
    {
        if (fence < document.Fence)
        {
            return false;
        }

        lock (document)
        {
            (document.Fence, document.Text) = (fence, text);
            return true;
        }
    });

    [Fact]
    public async Task A_store_that_locks_the_fence_alone_fails() => await FailsAsync("saved at once", (document, fence, text) =>
    {
        lock (document)
        {
            if (fence < document.Fence)
            {
                return false;
            }

            document.Fence = fence;
        }

        document.Text = text;
        return true;
    });

    private static async Task FailsAsync(string seen, Func<Document, long, string, bool> save)
    {
        var failure = await Assert.ThrowsAsync<CheckFailedException>(() => FenceCheck.RunAsync(save));
        Assert.Contains(seen, failure.Seen, StringComparison.Ordinal);
    }
}
