namespace DistributedMutex.Workshop;

/// <summary>What is said to a script on its command line, whichever host runs it.</summary>
internal static class ScriptArguments
{
    public const string Help = "--help";

    /// <summary>What this process was told.</summary>
    public static IReadOnlyList<string> Given { get; } = Of(Environment.GetCommandLineArgs());

    /// <summary>What is left without the host's own: the program, or dotnet-script's options and the script's file.</summary>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> commandLine)
    {
        var isHost = Path.GetFileNameWithoutExtension(commandLine[0]) == "dotnet-script";
        var script = isHost ? commandLine.ToList().FindIndex(argument => argument.EndsWith(".csx", StringComparison.OrdinalIgnoreCase)) : 0;
        return [.. commandLine.Skip(Math.Max(script, 0) + 1).SkipWhile((argument, index) => argument == "--" && index == 0)];
    }

    /// <summary>Whether the script may go on. If not, the usage was printed: because it was asked for (0), or because something is not known (2).</summary>
    /// <param name="known">Option and what it does, one line each.</param>
    /// <param name="code">How the script is to end then.</param>
    public static bool AreKnown(IReadOnlyList<(string Option, string Does)> known, out int code)
    {
        var unknown = Given.FirstOrDefault(argument => argument != Help && !known.Any(one => one.Option == argument));
        code = unknown is null ? 0 : 2;
        if (unknown is null && !Given.Contains(Help))
        {
            return true;
        }

        var to = unknown is null ? Console.Out : Console.Error;
        if (unknown is not null)
        {
            to.WriteLine($"✗ '{unknown}' is not known.");
        }

        to.WriteLine("Options, after a --:");
        foreach (var (option, does) in known.Append((Help, "print this")))
        {
            to.WriteLine($"  {option,-12}{does}");
        }

        return false;
    }
}
