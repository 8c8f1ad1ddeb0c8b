namespace DistributedMutex.Workshop;

/// <summary>Checks code that saves a document for the holder of a lock, and refuses who held it earlier (lesson 7).</summary>
public static class FenceCheck
{
    // A thread that stays blocked for so long waits for somebody else, not for a lock of the runtime's own.
    private static readonly TimeSpan Blocked = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    /// <param name="save">Is to save the text and return true, or to refuse it and return false.</param>
    /// <exception cref="CheckFailedException">It does not do so in each case.</exception>
    public static Task RunAsync(Func<Document, long, string, bool> save) => Check.RunAsync("7.1", async () =>
    {
        var call = await Attempt.Run(() => OneAfterTheOther(save)).ConfigureAwait(false);
        Report(call);
        call = await Attempt.Run(() => LargeOnes(save)).ConfigureAwait(false);
        Report(call);
        call = await Attempt.Run(() => TwoAtOnce(save)).ConfigureAwait(false);
        Report(call);
        await WithAStoppedWriterAsync(save).ConfigureAwait(false);
    });

    // What a step says is told as it is; what else is thrown is the learner's.
    private static void Report(Attempt<bool> call)
    {
        if (call.Thrown is CheckFailedException said)
        {
            throw said;
        }

        if (!call.Returned)
        {
            throw new CheckFailedException("Each call ends.", call.Or(""), "what does your code wait for, or what does it not expect?", "lock (document) { … }, with the look at the fence and both writes in it.");
        }
    }

    private static void OneAfterTheOther(Func<Document, long, string, bool> save)
    {
        var document = new Document();
        var saved = save(document, 10, "first");
        Check.That(
            saved && document.Text == "first",
            "Who holds the lock saves.",
            $"the first holder saved; the answer was {saved}, and the document says '{document.Text}'.",
            "whose fence is welcome?",
            "if the fence is not smaller than the document's: set both, and return true.");
        saved = save(document, 10, "second");
        Check.That(
            saved && document.Text == "second",
            "The same holder saves again.",
            $"the same holder saved again; the answer was {saved}, and the document says '{document.Text}'.",
            "two writes with the same fence are of the same holder. Is the second one late?",
            "refuse only a smaller fence: fence < document.Fence.");
        saved = save(document, 11, "third") & !save(document, 10, "late");
        Check.That(
            saved && document.Text == "third",
            "Who held the lock earlier is refused.",
            saved ? $"an earlier holder was refused, and yet the document says '{document.Text}'." : "an earlier holder saved after a later one, and was not refused.",
            "how does the document know who comes late?",
            "if fence < document.Fence: return false, and change nothing. Otherwise keep the fence with the text.");
        saved = save(new Document(), 1, "other");
        Check.That(
            saved,
            "Another document has a fence of its own.",
            "a fence was refused because of another document.",
            "each resource counts for itself.",
            "compare with document.Fence, and keep the fence there.");
    }

    // As they are in life. A number that has lost its upper or its lower digits puts some of these the other way round.
    private static void LargeOnes(Func<Document, long, string, bool> save)
    {
        long[] fences = [0x1_7FFF_FFFF, 0x1_FFFF_FFFF, 1767268800000000, 4503599627370496];
        var mixed = fences.Select(fence => (Fence: fence, Text: SaveTwo(fence))).FirstOrDefault(one => one.Text != "later");
        Check.That(
            mixed.Text is null,
            "Large fences keep their order.",
            $"two had the fences {mixed.Fence} and {mixed.Fence + 1}, and the document says '{mixed.Text}'.",
            "the fences of a lock are large numbers. Do they go through your code as they are?",
            "no cast: a fence is a long, and stays one.");

        string SaveTwo(long fence)
        {
            var document = new Document();
            save(document, fence, "earlier");
            save(document, fence + 1, "later");
            save(document, fence, "late");
            return document.Text;
        }
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
                "from the look at the fence to the write of the text, only one may be inside. The store is one process: what guards it there?",
                "lock (document) { … } around all three: the look, the fence and the text.");

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
        var resource = Lesson.Name("check");
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
            "whose fence is the smaller one?",
            "if fence < document.Fence: return false, and change nothing.");
    }
}
