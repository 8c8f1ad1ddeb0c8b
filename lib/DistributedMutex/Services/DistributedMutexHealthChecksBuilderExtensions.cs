using DistributedMutex;
using DistributedMutex.Services;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a health check of <see cref="IDistributedMutex"/>.</summary>
public static class DistributedMutexHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a health check that takes and releases a lock of its own, on the connection of <see cref="IDistributedMutex"/>.
    /// Unhealthy, or <paramref name="failureStatus"/>: that failed. Degraded: Redis answers, but somebody else's check has
    /// kept the lock for 5 seconds.
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The name of the check; "distributed_mutex" by default.</param>
    /// <param name="failureStatus">What to report when the check fails; unhealthy by default.</param>
    /// <param name="tags">Tags to filter checks by; none by default.</param>
    /// <param name="timeout">When to give the check up; never by default.</param>
    public static IHealthChecksBuilder AddDistributedMutex(
        this IHealthChecksBuilder builder, string name = "distributed_mutex", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddMutex(key: null);
        return builder.Add(new HealthCheckRegistration(
            name, services => new MutexHealthCheck(services.GetRequiredService<MutexConnection>(), services.OptionsOf(key: null).TimeProvider), failureStatus, tags, timeout));
    }
}
