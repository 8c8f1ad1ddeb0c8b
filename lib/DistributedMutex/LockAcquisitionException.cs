using System.Globalization;

namespace DistributedMutex;

/// <summary>A lock could not be acquired within the time given.</summary>
public class LockAcquisitionException : Exception
{
    /// <summary>Creates the exception; <paramref name="holder"/> says who holds the lock, if that is known.</summary>
    public LockAcquisitionException(string resource, TimeSpan waited, string? holder = null)
        : this($"{Seconds(resource, waited)}{(holder is null ? "" : $": it is held by {holder}")}.", resource, waited) => Holder = holder;

    private LockAcquisitionException(string message, string resource, TimeSpan waited)
        : base(message) => (Resource, Waited) = (resource, waited);

    /// <summary>The resource whose lock was asked for.</summary>
    public string Resource { get; }

    /// <summary>How long the caller waited.</summary>
    public TimeSpan Waited { get; }

    internal string? Holder { get; }

    /// <summary>One of several was had, and lost before the others were.</summary>
    internal static LockAcquisitionException LostMeanwhile(string resource, TimeSpan waited) =>
        new($"{Seconds(resource, waited)}: it was lost while others were waited for.", resource, waited);

    private static string Seconds(string resource, TimeSpan waited) =>
        string.Create(CultureInfo.InvariantCulture, $"Could not acquire the lock '{resource}' within {waited.TotalSeconds:0.###} s");
}
