using System.Runtime.InteropServices;

namespace DistributedMutex.TestProcess;

/// <summary>What Ctrl-C does to this process.</summary>
internal static class CtrlC
{
    private const int Interrupt = 2;
    private const nint Default = 0;

    /// <summary>
    /// Makes Ctrl-C end this process, as it does in a terminal. A shell that runs the tests in the background, or nohup, has
    /// them ignore it, and whoever they start inherits that. .NET leaves alone what it finds ignored, so this comes first.
    /// </summary>
    public static void EndsThisProcess()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SetHandler(Interrupt, Default);
        }
    }

    [DllImport("libc", EntryPoint = "signal")]
    private static extern nint SetHandler(int signal, nint handler);
}
