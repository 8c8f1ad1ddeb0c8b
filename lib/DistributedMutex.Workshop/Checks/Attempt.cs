using System.Globalization;

namespace DistributedMutex.Workshop;

/// <summary>One call of a learner's code: what it returned, or threw, or that it did not end.</summary>
internal sealed record Attempt<T>(T? Result, Exception? Thrown, bool IsLate)
{
    /// <summary>Whether it returned.</summary>
    public bool Returned => Thrown is null && !IsLate;

    /// <summary>What to tell the learner: what it threw, or that it did not end; otherwise <paramref name="seen"/>.</summary>
    public string Or(string seen) => Thrown is not null ? $"your code threw {Thrown.GetType().Name}: {Thrown.Message}"
        : IsLate ? string.Create(CultureInfo.InvariantCulture, $"after {Attempt.Limit.TotalSeconds} s your code was still not done.")
        : seen;

    /// <summary>As above, with what the case was: "the work threw, and".</summary>
    public string Or(string when, string seen) => Returned ? seen : $"{when} {Or(seen)}";
}

/// <summary>Calls a learner's code so that a wrong answer can neither hang a check nor end it with an exception that says nothing to the learner.</summary>
internal static class Attempt
{
    /// <summary>Long for whatever an exercise asks for, even on a busy machine, and short for who waits for an answer.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Runs code that blocks, on a thread of its own. Whoever hangs there is ended by the dispose of its mutex.</summary>
    public static Task<Attempt<bool>> Run(Action code) => Run(() =>
    {
        code();
        return true;
    });

    /// <inheritdoc cref="Run(Action)"/>
    public static Task<Attempt<T>> Run<T>(Func<T> code) =>
        EndAsync(Task.Factory.StartNew(code, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));

    /// <summary>Runs code that awaits.</summary>
    public static Task<Attempt<T>> RunAsync<T>(Func<Task<T>> code) => EndAsync(Task.Run(code));

    /// <inheritdoc cref="RunAsync{T}(Func{Task{T}})"/>
    public static Task<Attempt<bool>> RunAsync(Func<Task> code) => RunAsync(async () =>
    {
        await code().ConfigureAwait(false);
        return true;
    });

    private static async Task<Attempt<T>> EndAsync<T>(Task<T> running)
    {
        try
        {
            return new(await running.WaitAsync(Limit).ConfigureAwait(false), null, IsLate: false);
        }
        catch (TimeoutException) when (!running.IsCompleted)
        {
            // Whatever becomes of it is of no interest any more, and must not end the process.
            _ = running.ContinueWith(late => late.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            return new(default, null, IsLate: true);
        }
        catch (AggregateException e)
        {
            // Several threads threw: the first will do.
            return new(default, e.InnerExceptions[0], IsLate: false);
        }
        catch (Exception e)
        {
            return new(default, e, IsLate: false);
        }
    }
}
