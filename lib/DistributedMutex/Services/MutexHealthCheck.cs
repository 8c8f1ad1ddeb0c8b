using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DistributedMutex.Services;

/// <summary>Takes and releases a lock. All instances of all applications take the same one, in turn: a name each would leave a last fence each in Redis.</summary>
internal sealed class MutexHealthCheck(MutexConnection connection, TimeProvider clock) : IHealthCheck
{
    internal const string Resource = "distributed_mutex:health";

    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var mutex = await connection.OpenAsync(Wait, clock, cancellationToken).ConfigureAwait(false);
            var probe = await mutex.TryAcquireAsync(Resource, Wait, cancellationToken: cancellationToken).ConfigureAwait(false);
            if (probe is null)
            {
                return HealthCheckResult.Degraded($"The lock '{Resource}' could not be had within {Wait.TotalSeconds} s: another check holds it.");
            }

            // Also when the check has been given up meanwhile: the lock would stay until its lease ends, and fail the next checks.
            return await probe.ReleaseAsync(CancellationToken.None).ConfigureAwait(false)
                ? HealthCheckResult.Healthy("A lock was taken and released.")
                : new HealthCheckResult(context.Registration.FailureStatus, $"The lock '{Resource}' was lost while it was held.");
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, e.Message, e);
        }
    }
}
