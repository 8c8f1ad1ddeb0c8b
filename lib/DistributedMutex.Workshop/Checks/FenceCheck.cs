namespace DistributedMutex.Workshop;

/// <summary>Checks code that saves a document for the holder of a lock, and refuses who held it earlier (lesson 7).</summary>
public static class FenceCheck
{
    // A thread that stays blocked for so long waits for somebody else, not for a lock of the runtime's own.
    private static readonly TimeSpan Blocked = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    /// <param name="save">Is to save the text and return true, or to refuse it and return false.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static async Task RunAsync(Func<Document, long, string, bool> save)
    {
        OneAfterTheOther(save);
        TwoAtOnce(save);
        await WithAStoppedWriterAsync(save).ConfigureAwait(false);
    }

    private static void OneAfterTheOther(Func<Document, long, string, bool> save)
    {
        var document = new Document();
        var saved = save(document, 10, "first");
        Check.That(
            saved && document.Text == "first",
            "Who holds the lock saves.",
            $"the first holder saved; the answer was {saved}, and the document says '{document.Text}'.",
            "a fence that is not smaller than the document's is welcome: set the text and return true.");
        saved = save(document, 10, "second");
        Check.That(
            saved && document.Text == "second",
            "The same holder saves again.",
            $"the same holder saved again; the answer was {saved}, and the document says '{document.Text}'.",
            "only a smaller fence is late. The same one belongs to the same holder.");
        saved = save(document, 11, "third") & !save(document, 10, "late");
        Check.That(
            saved && document.Text == "third",
            "Who held the lock earlier is refused.",
            saved ? $"an earlier holder was refused, and yet the document says '{document.Text}'." : "an earlier holder saved after a later one, and was not refused.",
            "a smaller fence than the document's is late: leave everything as it is, and return false.");
        saved = save(new Document(), 1, "other");
        Check.That(
            saved,
            "Another document has a fence of its own.",
            "a fence was refused because of another document.",
            "each resource counts for itself: compare with the fence of this very document.");
    }

    // The earlier one is held up at the two moments that matter, until the later one has saved or waits for the earlier.
    private static void TwoAtOnce(Func<Document, long, string, bool> save)
    {
        foreach (var afterRead in new[] { true, false })
        {
            var document = new Document();
            var accepted = false;
            Exception? thrown = null;
            var later = new Thread(() =>
            {
                try
                {
                    accepted = save(document, 21, "later");
                }
                catch (Exception e)
                {
                    // Left alone, it would end the learner's kernel.
                    thrown = e;
                }
            });
            if (afterRead)
            {
                document.AfterRead = LetTheLaterOneIn;
            }
            else
            {
                document.BeforeWrite = LetTheLaterOneIn;
            }

            save(document, 20, "earlier");
            if (later.ThreadState == ThreadState.Unstarted)
            {
                later.Start();
            }

            later.Join();
            if (thrown is not null)
            {
                throw thrown;
            }

            Check.That(
                accepted && document.Text == "later",
                afterRead ? "Two at once: nobody comes between the look at the fence and the write." : "Two at once: nobody comes between the fence and the text.",
                $"two saved at once, and the document says '{document.Text}' with fence {document.Fence}; the later one has 21.",
                "from the look at the fence to the write of the text, only one may be inside: the store is one process, a lock (document) will do.");

            void LetTheLaterOneIn()
            {
                document.AfterRead = document.BeforeWrite = null;
                later.Start();
                var started = Environment.TickCount64;
                var running = started;
                while (!later.Join(1) && Environment.TickCount64 - running < Blocked.TotalMilliseconds && Environment.TickCount64 - started < Long.TotalMilliseconds)
                {
                    if (!later.ThreadState.HasFlag(ThreadState.WaitSleepJoin))
                    {
                        running = Environment.TickCount64;
                    }
                }
            }
        }
    }

    private static async Task WithAStoppedWriterAsync(Func<Document, long, string, bool> save)
    {
        var mutex = new RedisMutex();
        await using var closing = mutex.ConfigureAwait(false);
        var document = new Document();

        // New each time: what an earlier try has left locked must not count.
        var resource = $"check-{Guid.NewGuid():N}";
        using var late = await StoppedWriter.StartAsync(resource, "late").ConfigureAwait(false);
        bool saved;
        var held = await mutex.AcquireAsync(resource).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            saved = save(document, held.Fence, "in time");
        }

        var refused = !save(document, late.Fence, await late.WakeAsync().ConfigureAwait(false));
        Check.That(
            saved && refused && document.Text == "in time",
            "A process that was stopped wakes up late and is refused.",
            $"a process that was stopped woke up late, and the document says '{document.Text}'.",
            "the fences of a lock are large numbers. Keep them as they are.");
    }
}
