namespace DistributedMutex.Workshop;

/// <summary>Tasks that run side by side.</summary>
public static class Tasks
{
    /// <summary>Starts the actions in the order given, each in a lane of its own in the pictures; completes when all have.</summary>
    public static Task Run(params (string Lane, Func<Task> Action)[] tasks) => Task.WhenAll(tasks.Select(task => RunAsync(task.Lane, task.Action)));

    // The lane ends with this method: what it sets flows into what it calls, and not back.
    private static async Task RunAsync(string lane, Func<Task> action)
    {
        Timeline.EnterLane(lane);
        await action().ConfigureAwait(false);
    }
}
