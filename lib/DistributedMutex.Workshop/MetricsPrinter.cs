using System.Diagnostics.Metrics;
using DistributedMutex.Diagnostics;

namespace DistributedMutex.Workshop;

/// <summary>Listens to the library's metrics while it lives. An application has OpenTelemetry instead.</summary>
public sealed class MetricsPrinter : IDisposable
{
    private readonly SortedDictionary<string, (bool IsHistogram, long Count)> _seen = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();

    /// <summary>Starts to listen.</summary>
    public MetricsPrinter()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == Telemetry.Name)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, tags, isHistogram: true, 1));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, tags, isHistogram: false, value));
        _listener.Start();
    }

    /// <summary>Prints each metric: of a counter its value, of a histogram how many measurements there were.</summary>
    public void Print()
    {
        lock (_seen)
        {
            foreach (var (name, (isHistogram, count)) in _seen)
            {
                Console.WriteLine($"{name}: {count}{(isHistogram ? " measured" : "")}");
            }
        }
    }

    /// <summary>Stops listening.</summary>
    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags, bool isHistogram, long count)
    {
        var name = instrument.Name;
        foreach (var tag in tags)
        {
            name += $" ({tag.Value})";
        }

        lock (_seen)
        {
            _seen[name] = (isHistogram, _seen.GetValueOrDefault(name).Count + count);
        }
    }
}
