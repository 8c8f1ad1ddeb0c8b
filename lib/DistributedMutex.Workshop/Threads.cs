namespace DistributedMutex.Workshop;

/// <summary>Threads that start together.</summary>
public static class Threads
{
    /// <summary>
    /// Runs the action once on each of so many threads, named "Thread 1" and so on, and returns when all have ended.
    /// What they throw is thrown here: an exception of one thread as it is, those of several in an <see cref="AggregateException"/>.
    /// </summary>
    public static void Run(int count, Action<int> action)
    {
        using var start = new Barrier(count);
        var thrown = new List<Exception>();
        var threads = Enumerable.Range(1, count).Select(number => new Thread(() =>
        {
            start.SignalAndWait();
            try
            {
                action(number);
            }
            catch (Exception e)
            {
                // Left alone, it would end the whole process, and a notebook's kernel with it.
                lock (thrown)
                {
                    thrown.Add(e);
                }
            }
        })
        {
            Name = $"Thread {number}",
        }).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        if (thrown.Count > 0)
        {
            throw thrown.Count == 1 ? thrown[0] : new AggregateException(thrown);
        }
    }
}
