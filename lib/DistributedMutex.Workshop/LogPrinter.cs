using Microsoft.Extensions.Logging;

namespace DistributedMutex.Workshop;

/// <summary>Prints what is logged, in the name of a service. An application has its host's logging instead.</summary>
/// <param name="service">Whose log it is.</param>
/// <param name="minimum">What is less important is left out.</param>
public sealed class LogPrinter(string service, LogLevel minimum) : ILoggerFactory, ILogger
{
    /// <summary>Prints a line.</summary>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        if (IsEnabled(logLevel))
        {
            Console.WriteLine($"[{service}] {logLevel}: {formatter(state, exception)}");
        }
    }

    /// <summary>Whether it would print a line.</summary>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= minimum;

    /// <summary>There are no scopes.</summary>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <summary>One logger for all.</summary>
    public ILogger CreateLogger(string categoryName) => this;

    /// <summary>Nobody else is told.</summary>
    public void AddProvider(ILoggerProvider provider)
    {
    }

    /// <summary>There is nothing to close.</summary>
    public void Dispose()
    {
    }
}
