using System.Collections.Concurrent;

namespace DistributedMutex.Tests;

/// <summary>What a run says beside its results: what this machine lacks. Each thing once, whoever finds it missing.</summary>
internal static class Notice
{
    private static readonly ConcurrentDictionary<string, bool> Printed = new();

    public static void Print(string text)
    {
        if (Printed.TryAdd(text, true))
        {
            TestContext.Current.SendDiagnosticMessage(text);
        }
    }
}
