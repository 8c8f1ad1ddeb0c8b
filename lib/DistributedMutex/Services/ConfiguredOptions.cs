using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace DistributedMutex.Services;

/// <summary>
/// Options from the configuration. By hand: the framework's binder needs reflection, which an application that is compiled
/// ahead of time lacks, and reads "24:00:00" as 24 days.
/// </summary>
internal sealed class ConfiguredOptions(string name, IConfiguration section) : IConfigureNamedOptions<MutexOptions>
{
    private const string TimeFormat = "hh:mm:ss, or d.hh:mm:ss with days";

    public void Configure(MutexOptions options) => Configure(Options.DefaultName, options);

    public void Configure(string? asked, MutexOptions options)
    {
        if (asked != name)
        {
            return;
        }

        var failures = section.GetChildren().Select(child => Failure(child, options)).OfType<string>().ToList();
        if (failures.Count > 0)
        {
            throw new OptionsValidationException(name, typeof(MutexOptions), failures);
        }
    }

    /// <summary>Sets one option; what is wrong with it, if anything is.</summary>
    private static string? Failure(IConfigurationSection child, MutexOptions options)
    {
        var (name, value) = (child.Key.ToUpperInvariant(), child.Value ?? "");
        switch (name)
        {
            case "LEASE" when IsTime(out var time):
                options.Lease = time;
                return null;
            case "WAIT" when IsTime(out var time):
                options.Wait = time;
                return null;
            case "RETRY" when IsTime(out var time):
                options.Retry = time;
                return null;
            case "MAXHOLD" when value.Length == 0:
                options.MaxHold = null;
                return null;
            case "MAXHOLD" when IsTime(out var time):
                options.MaxHold = time;
                return null;
            case "RENEW" when bool.TryParse(value, out var flag):
                options.Renew = flag;
                return null;
            case "FENCE" when bool.TryParse(value, out var flag):
                options.Fence = flag;
                return null;
            case "KEYPREFIX":
                options.KeyPrefix = value;
                return null;
            case "LEASE" or "WAIT" or "RETRY" or "MAXHOLD":
                return $"{child.Path} is '{value}', and no time: write {TimeFormat}{Misreading(value)}.";
            case "RENEW" or "FENCE":
                return $"{child.Path} is '{value}', and neither true nor false.";
            case "RETRYSTRATEGY" or "TIMEPROVIDER" or "LOGGERFACTORY":
                return $"{child.Path} can be set in code only.";
            default:
                return $"{child.Path}: '{child.Key}' is none of the options, Lease, Wait, Retry, MaxHold, Renew, Fence and KeyPrefix.";
        }

        // With hours, minutes and seconds, all three: less than that means something else to everybody.
        bool IsTime(out TimeSpan time) =>
            TimeSpan.TryParseExact(value.Trim(), "c", CultureInfo.InvariantCulture, out time) && value.Count(letter => letter == ':') == 2;
    }

    // What .NET takes for a number of days, somebody may have meant as seconds; and "24:00:00" as a day.
    private static string Misreading(string value) =>
        TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out var time)
            ? string.Create(CultureInfo.InvariantCulture, $" (.NET would read '{value}' as {time:c})")
            : "";
}
