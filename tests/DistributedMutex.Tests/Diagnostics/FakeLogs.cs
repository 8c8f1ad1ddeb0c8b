using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace DistributedMutex.Tests.Diagnostics;

/// <summary>The framework's fake of a log, as the library's options and a container ask for one.</summary>
internal static class FakeLogs
{
    /// <summary>A log that tells where the library logs, with the event's name.</summary>
    public static FakeLogCollector Create(Action<string> whenLogged) => FakeLogCollector.Create(new FakeLogCollectorOptions
    {
        OutputFormatter = record => record.Id.Name!,
        OutputSink = whenLogged,
    });

    /// <summary>A factory whose loggers all write to this log.</summary>
    public static ILoggerFactory ToFactory(this FakeLogCollector log) => new LoggerFactory([new FakeLoggerProvider(log)]);

    /// <summary>The resource that the library logged of.</summary>
    public static string? Resource(this FakeLogRecord record) => record.GetStructuredStateValue("Resource");
}
