using System.ComponentModel;
using System.Diagnostics;

namespace DistributedMutex.Faults.Nemesis;

/// <summary>The Python that has the package redis, if there is one.</summary>
internal static class Python
{
    private static readonly Lazy<string?> Found = new(() => new[] { "python3", "/usr/bin/python3" }.FirstOrDefault(HasRedis));

    /// <summary>How to start it; null where there is none.</summary>
    public static string? Program => Found.Value;

    private static bool HasRedis(string program)
    {
        try
        {
            using var python = Process.Start(new ProcessStartInfo(program, ["-c", "import redis.lock"]) { RedirectStandardError = true })!;
            python.WaitForExit();
            return python.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
