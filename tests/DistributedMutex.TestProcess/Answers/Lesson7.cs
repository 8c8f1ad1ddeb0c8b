using DistributedMutex.Workshop;

namespace DistributedMutex.TestProcess.Answers;

/// <summary>Answers to the exercises of lesson 7.</summary>
internal static class Lesson7
{
    private static readonly Lock Gate = new();

    /// <summary>A store that refuses who comes late.</summary>
    public static IEnumerable<Answer> SaveSafely()
    {
        var highest = 0L;
        yield return Right("a lock of the document", (document, fence, text) =>
        {
            lock (document)
            {
                return Save(document, fence, text);
            }
        });
        yield return Right("one lock for all documents", (document, fence, text) =>
        {
            lock (Gate)
            {
                return Save(document, fence, text);
            }
        });
        yield return Right("the text first", (document, fence, text) =>
        {
            lock (document)
            {
                if (document.Fence > fence)
                {
                    return false;
                }

                document.Text = text;
                document.Fence = fence;
                return true;
            }
        });
        yield return Wrong("takes whatever comes", "was not refused", (document, _, text) =>
        {
            document.Text = text;
            return true;
        });
        yield return Wrong("refuses the same holder", "saved again", (document, fence, text) =>
        {
            lock (document)
            {
                return fence != document.Fence && Save(document, fence, text);
            }
        });
        yield return Wrong("does not keep the fence", "was not refused", (document, fence, text) =>
        {
            lock (document)
            {
                if (fence < document.Fence)
                {
                    return false;
                }

                document.Text = text;
                return true;
            }
        });
        yield return Wrong("one fence for all documents", "because of another document", (document, fence, text) =>
        {
            lock (Gate)
            {
                if (fence < highest)
                {
                    return false;
                }

                highest = fence;
                document.Text = text;
                return true;
            }
        });
        yield return Wrong("refuses, and saves all the same", "and yet the document says", (document, fence, text) =>
        {
            lock (document)
            {
                var saved = Save(document, fence, text);
                document.Text = text;
                return saved;
            }
        });
        yield return Wrong("no lock", "saved at once", Save);
        yield return Wrong("looks before it locks", "saved at once", (document, fence, text) =>
        {
            if (fence < document.Fence)
            {
                return false;
            }

            lock (document)
            {
                document.Fence = fence;
                document.Text = text;
                return true;
            }
        });
        yield return Wrong("locks the fence alone", "saved at once", (document, fence, text) =>
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
        yield return Wrong("a lock of its own for each call", "saved at once", (document, fence, text) =>
        {
            lock (new object())
            {
                return Save(document, fence, text);
            }
        });
        yield return Wrong("an int", "the document says", (document, fence, text) =>
        {
            lock (document)
            {
                return (int)fence >= (int)document.Fence && Write(document, fence, text);
            }
        });
        yield return Wrong("a uint", "the document says", (document, fence, text) =>
        {
            lock (document)
            {
                return (uint)fence >= (uint)document.Fence && Write(document, fence, text);
            }
        });
        yield return Wrong("a float", "the document says", (document, fence, text) =>
        {
            lock (document)
            {
                return (float)fence >= document.Fence && Write(document, fence, text);
            }
        });
        yield return Wrong("not done yet", "your code threw NotImplementedException", (_, _, _) => throw new NotImplementedException());

        static bool Save(Document document, long fence, string text) => fence >= document.Fence && Write(document, fence, text);

        static bool Write(Document document, long fence, string text)
        {
            document.Fence = fence;
            document.Text = text;
            return true;
        }

        static Answer Right(string name, Func<Document, long, string, bool> code) => Answer.Right(name, () => FenceCheck.RunAsync(code));
        static Answer Wrong(string name, string seen, Func<Document, long, string, bool> code) => Answer.Wrong(name, seen, () => FenceCheck.RunAsync(code));
    }
}
