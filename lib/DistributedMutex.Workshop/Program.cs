using System.Globalization;

namespace DistributedMutex.Workshop;

/// <summary>What this assembly does as a process of its own, started by a script or a lesson.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["keep-server", var kind]:
                return await ServerKeeper.RunAsync(kind).ConfigureAwait(false);

            case ["write-late", var resource, var text]:
                return await StoppedWriter.RunAsync(resource, text).ConfigureAwait(false);

            case ["add", var file, var times, var resource]:
                return AnotherProcess.Add(file, int.Parse(times, CultureInfo.InvariantCulture), resource);

            default:
                await Console.Error.WriteLineAsync("It is started by the scripts and lessons, not by hand.").ConfigureAwait(false);
                return 2;
        }
    }
}
