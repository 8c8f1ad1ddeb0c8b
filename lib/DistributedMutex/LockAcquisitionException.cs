using System.Globalization;

namespace DistributedMutex;

/// <summary>A lock could not be acquired within the time given.</summary>
public class LockAcquisitionException : Exception
{
    /// <summary>Creates the exception; <paramref name="holder"/> says who holds the lock, if that is known.</summary>
    public LockAcquisitionException(string resource, TimeSpan waited, string? holder = null)
        : base(string.Create(
            CultureInfo.InvariantCulture,
            $"Could not acquire the lock '{resource}' within {waited.TotalSeconds:0.###} s{(holder is null ? "" : $": it is held by {holder}")}."))
    {
        Resource = resource;
        Waited = waited;
    }

    /// <summary>The resource whose lock was asked for.</summary>
    public string Resource { get; }

    /// <summary>How long the caller waited.</summary>
    public TimeSpan Waited { get; }
}
