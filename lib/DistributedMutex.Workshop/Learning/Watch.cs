using System.Threading.Channels;

namespace DistributedMutex.Workshop.Learning;

/// <summary>Checks the lesson at hand whenever its file is saved, and goes on to the next when it is solved.</summary>
internal static class Watch
{
    // An editor saves in several steps.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public static async Task<int> RunAsync(IReadOnlyList<LessonScript> lessons, LessonScript lesson, CancellationToken ending)
    {
        var saved = Channel.CreateBounded<string>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        using var watcher = new FileSystemWatcher(Path.GetDirectoryName(lesson.Path)!, "*.csx");
        watcher.Changed += (_, change) => Hear(change.FullPath);
        watcher.Created += (_, change) => Hear(change.FullPath);
        watcher.Renamed += (_, change) => Hear(change.FullPath);
        try
        {
            // Here, so that a private server is there for all checks: none of them has to start it.
            RedisServer.Use();
            watcher.EnableRaisingEvents = true;
            while (true)
            {
                Console.WriteLine($"=== Lesson {lesson.Number}: {lesson.Title}. Your turn is in {lesson.ShownPath}, line {lesson.Line}. Ctrl-C ends. ===");
                while (!await CheckAsync(lesson, saved.Reader, ending).ConfigureAwait(false))
                {
                    Console.WriteLine("\nSave it to have it checked again. For a hint, in another terminal: dotnet run scripts/learn.csx -- hint\n");
                    await saved.Reader.ReadAsync(ending).ConfigureAwait(false);
                }

                Console.WriteLine($"\n✓ Lesson {lesson.Number} is solved.");
                if (Guide.AtHand(lessons) is not { IsSolved: false } next)
                {
                    Lists.PrintNext(lessons);
                    return 0;
                }

                Console.WriteLine($"Next is lesson {next.Number}, {next.Title}. See it, in another terminal: dotnet run {next.ShownPath}\n");
                lesson = next;
            }
        }
        catch (OperationCanceledException)
        {
            return 0;
        }

        void Hear(string path)
        {
            if (path == lesson.Path)
            {
                saved.Writer.TryWrite(path);
            }
        }
    }

    // Begins anew if it is saved meanwhile: nobody wants to know of what is no longer there.
    private static async Task<bool> CheckAsync(LessonScript lesson, ChannelReader<string> saved, CancellationToken ending)
    {
        while (true)
        {
            await Task.Delay(Pause, ending).ConfigureAwait(false);
            while (saved.TryRead(out _))
            {
            }

            using var again = CancellationTokenSource.CreateLinkedTokenSource(ending);
            var check = lesson.CheckAsync(quietly: false, again.Token);
            var change = saved.WaitToReadAsync(again.Token).AsTask();
            var first = await Task.WhenAny(check, change).ConfigureAwait(false);
            if (first == check)
            {
                await again.CancelAsync().ConfigureAwait(false);
                return await check.ConfigureAwait(false);
            }

            ending.ThrowIfCancellationRequested();
            await again.CancelAsync().ConfigureAwait(false);
            await Task.WhenAny(check).ConfigureAwait(false);
        }
    }
}
