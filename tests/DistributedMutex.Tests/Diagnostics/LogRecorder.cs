using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace DistributedMutex.Tests.Diagnostics;

/// <summary>Remembers what the library logs.</summary>
internal sealed class LogRecorder : ILoggerFactory, ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<LogEntry> _entries = new();

    public IEnumerable<LogEntry> Entries => _entries;

    /// <summary>Raised where the library logs.</summary>
    public event Action<LogEntry>? Logged;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var values = state as IEnumerable<KeyValuePair<string, object?>> ?? [];
        var resource = values.FirstOrDefault(value => value.Key == "Resource").Value as string;
        var entry = new LogEntry(logLevel, eventId.Id, eventId.Name, formatter(state, exception), resource, exception);
        _entries.Enqueue(entry);
        Logged?.Invoke(entry);
    }

    public void Dispose()
    {
    }
}

internal sealed record LogEntry(LogLevel Level, int Id, string? Name, string Message, string? Resource, Exception? Exception);
