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
