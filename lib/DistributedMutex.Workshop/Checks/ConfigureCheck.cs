using DistributedMutex.Services;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace DistributedMutex.Workshop;

/// <summary>Checks the configuration of a service (lesson 9).</summary>
public static class ConfigureCheck
{
    /// <param name="configure">Is to add the mutex, with a wait of 2 seconds and a hold of a minute at most, and its health check.</param>
    /// <exception cref="CheckFailedException">It does not.</exception>
    public static Task RunAsync(Action<IServiceCollection> configure) => Check.RunAsync("9.2", async () =>
    {
        var services = new ServiceCollection().AddSingleton(RedisServer.Use()).AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        var call = await Attempt.Run(() => configure(services)).ConfigureAwait(false);
        await using var provider = services.BuildServiceProvider();
        Check.That(
            call.Returned && provider.GetService<IDistributedMutex>() is not null,
            "The container has a mutex.",
            call.Or("the container has no IDistributedMutex."),
            "who adds it?",
            "services.AddDistributedMutex(options => { … });");
        var options = provider.GetRequiredService<IOptions<MutexOptions>>().Value;
        Check.That(
            options.Wait == TimeSpan.FromSeconds(2),
            "Nobody waits for longer than 2 seconds.",
            $"callers wait for {options.Wait.TotalSeconds} s.",
            "what do you say of the wait, and where?",
            "options.Wait = TimeSpan.FromSeconds(2);");
        Check.That(
            options.MaxHold == TimeSpan.FromMinutes(1),
            "Nobody holds a lock for longer than a minute, whatever they forget.",
            options.MaxHold is { } hold ? $"a lock is held for {hold.TotalMinutes} minutes." : "a lock is held without end.",
            "a lock is renewed as long as it is held. What bounds that?",
            "options.MaxHold = TimeSpan.FromMinutes(1);");

        var registrations = provider.GetService<IOptions<HealthCheckServiceOptions>>()?.Value.Registrations ?? [];
        Check.That(
            registrations.Any(one => one.Factory(provider) is MutexHealthCheck),
            "A health check takes a lock.",
            registrations.Count == 0 ? "there is no health check." : "no health check takes a lock.",
            "who watches over the service, and what would it try?",
            "services.AddHealthChecks().AddDistributedMutex();");
        var report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync().ConfigureAwait(false);
        Check.That(
            report.Status == HealthStatus.Healthy,
            "It says that all is well.",
            $"it says {report.Status}: {string.Join(", ", report.Entries.Select(entry => $"{entry.Key}: {entry.Value.Description}"))}",
            "which of the checks fails?",
            "nothing but AddDistributedMutex among the health checks.");
    });
}
