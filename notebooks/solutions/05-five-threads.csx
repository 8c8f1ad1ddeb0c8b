void AddReport(RedisMutex mutex, string resource, SharedFile file, Func<string> prepare)
{
    var report = prepare();
    using (mutex.Acquire(resource))
    {
        var lines = file.Read();
        using (Timeline.Work($"line {lines.Count + 1}"))
        {
            Thread.Sleep(80); // think
        }

        file.Write([.. lines, $"{lines.Count + 1}. {report}"]);
    }
}

string GetReport(RedisMutex mutex, string resource, SharedFile file, Func<string> prepare)
{
    if (file.Read() is [var there, ..])
    {
        return there; // nothing to wait for
    }

    using (mutex.Acquire(resource))
    {
        if (file.Read() is [var meanwhile, ..])
        {
            return meanwhile; // prepared while this one waited
        }

        var report = prepare();
        file.Write([report]);
        return report;
    }
}
