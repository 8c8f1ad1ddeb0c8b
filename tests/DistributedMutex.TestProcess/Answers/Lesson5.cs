using DistributedMutex.Workshop;

namespace DistributedMutex.TestProcess.Answers;

/// <summary>Answers to the exercises of lesson 5.</summary>
internal static class Lesson5
{
    private static readonly Lock Gate = new();

    /// <summary>Hold a lock only as long as it must be held.</summary>
    public static IEnumerable<Answer> AddReport()
    {
        yield return Right("prepared first", (mutex, resource, file, prepare) =>
        {
            var report = prepare();
            using var held = mutex.Acquire(resource);
            file.Write([.. file.Read(), report]);
        });
        yield return Right("Lock and Unlock", (mutex, resource, file, prepare) =>
        {
            var report = prepare();
            if (!mutex.Lock(resource))
            {
                throw new TimeoutException();
            }

            try
            {
                file.Write([.. file.Read(), report]);
            }
            finally
            {
                mutex.Unlock(resource);
            }
        });
        yield return Right("a scope with its block", (mutex, resource, file, prepare) =>
        {
            var report = prepare();
            using (mutex.Acquire(resource, TimeSpan.FromSeconds(30)))
            {
                var lines = file.Read();
                file.Write([.. lines, $"{lines.Count + 1}. {report}"]);
            }
        });
        yield return Wrong("no lock", "when another read it too", (_, _, file, prepare) => file.Write([.. file.Read(), prepare()]));
        yield return Wrong("read before the lock", "when another read it too", (mutex, resource, file, prepare) =>
        {
            var report = prepare();
            var lines = file.Read();
            using var held = mutex.Acquire(resource);
            file.Write([.. lines, report]);
        });
        yield return Wrong("written after the lock", "read it too", (mutex, resource, file, prepare) =>
        {
            var report = prepare();
            IReadOnlyList<string> lines;
            using (mutex.Acquire(resource))
            {
                lines = file.Read();
            }

            file.Write([.. lines, report]);
        });
        yield return Wrong("prepared under the lock", "only one thread could prepare at a time", (mutex, resource, file, prepare) =>
        {
            using var held = mutex.Acquire(resource);
            file.Write([.. file.Read(), prepare()]);
        });
        yield return Wrong("prepared under a lock of the process", "only one thread could prepare at a time", (mutex, resource, file, prepare) =>
        {
            string report;
            lock (Gate)
            {
                report = prepare();
            }

            using var held = mutex.Acquire(resource);
            file.Write([.. file.Read(), report]);
        });
        yield return Wrong("forgets what was there", "the file has 1", (mutex, resource, file, prepare) =>
        {
            var report = prepare();
            using var held = mutex.Acquire(resource);
            file.Read();
            file.Write([report]);
        });
        yield return Wrong("adds no report", "the file has 5", (mutex, resource, file, prepare) =>
        {
            prepare();
            using var held = mutex.Acquire(resource);
            file.Write([.. file.Read(), "report"]);
        });
        yield return Wrong("no Unlock", "you never unlocked", (mutex, resource, file, prepare) =>
        {
            var report = prepare();
            mutex.Acquire(resource);
            file.Write([.. file.Read(), report]);
        });

        static Answer Right(string name, Action<RedisMutex, string, SharedFile, Func<string>> code) => Answer.Right(name, () => ReportCheck.RunAsync(code));
        static Answer Wrong(string name, string seen, Action<RedisMutex, string, SharedFile, Func<string>> code) => Answer.Wrong(name, seen, () => ReportCheck.RunAsync(code));
    }

    /// <summary>Prepare a report once for all.</summary>
    public static IEnumerable<Answer> GetReport()
    {
        yield return Right("looks before and after it locks", (mutex, resource, file, prepare) =>
        {
            if (file.Read() is [var there, ..])
            {
                return there;
            }

            using var held = mutex.Acquire(resource);
            return Prepare(file, prepare);
        });
        yield return Right("in another order", (mutex, resource, file, prepare) =>
        {
            if (file.Read().Count == 0)
            {
                using var held = mutex.Acquire(resource);
                if (file.Read().Count == 0)
                {
                    file.Write([prepare()]);
                }
            }

            return file.Read()[0];
        });
        yield return Wrong("no lock", "it was prepared 5 times", (_, _, file, prepare) => Prepare(file, prepare));
        yield return Wrong("looks only before it locks", "it was prepared 5 times", (mutex, resource, file, prepare) =>
        {
            if (file.Read() is [var there, ..])
            {
                return there;
            }

            using var held = mutex.Acquire(resource);
            var report = prepare();
            file.Write([report]);
            return report;
        });
        yield return Wrong("looks only under the lock", "somebody else held the lock, the report was there", (mutex, resource, file, prepare) =>
        {
            using var held = mutex.Acquire(resource);
            return Prepare(file, prepare);
        });
        yield return Wrong("prepares before it locks", "it was prepared 5 times", (mutex, resource, file, prepare) =>
        {
            if (file.Read() is [var there, ..])
            {
                return there;
            }

            var report = prepare();
            using var held = mutex.Acquire(resource);
            file.Write([report]);
            return report;
        });
        yield return Wrong("writes nothing", "it was prepared", (mutex, resource, file, prepare) =>
        {
            using var held = mutex.Acquire(resource);
            return file.Read() is [var there, ..] ? there : prepare();
        });
        yield return Wrong("no finally", "preparing threw, and the lock was still there", (mutex, resource, file, prepare) =>
        {
            if (file.Read() is [var there, ..])
            {
                return there;
            }

            mutex.Lock(resource);
            var report = Prepare(file, prepare);
            mutex.Unlock(resource);
            return report;
        });
        yield return Wrong("a lock of the process, and prepared once for each process", "preparing threw, and the caller never heard", (_, _, file, prepare) =>
        {
            lock (Gate)
            {
                try
                {
                    return Prepare(file, prepare);
                }
                catch (InvalidOperationException)
                {
                    return "";
                }
            }
        });

        static string Prepare(SharedFile file, Func<string> prepare)
        {
            if (file.Read() is [var there, ..])
            {
                return there;
            }

            var report = prepare();
            file.Write([report]);
            return report;
        }

        static Answer Right(string name, Func<RedisMutex, string, SharedFile, Func<string>, string> code) => Answer.Right(name, () => ReportOnceCheck.RunAsync(code));
        static Answer Wrong(string name, string seen, Func<RedisMutex, string, SharedFile, Func<string>, string> code) => Answer.Wrong(name, seen, () => ReportOnceCheck.RunAsync(code));
    }
}
