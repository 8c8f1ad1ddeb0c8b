using DistributedMutex;
using DistributedMutex.Services;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds <see cref="IDistributedMutex"/> to a service collection.</summary>
public static class DistributedMutexServiceCollectionExtensions
{
    private const string SectionName = "DistributedMutex";

    /// <summary>
    /// Adds <see cref="IDistributedMutex"/>: lease 1 minute, wait 5 seconds, retry 250 ms, and held for an hour at most, unless
    /// <paramref name="configure"/> says otherwise. It uses the <see cref="IConnectionMultiplexer"/> that the application has
    /// registered; if there is none, a connection of its own, to the <see cref="RedisSettings"/> that are registered or
    /// to what <see cref="RedisSettings.FromEnvironment"/> names. It connects when a lock is first wanted. A
    /// <see cref="RedisReadWriteLock"/> with the same options and connection is added as well; it connects when it is first asked for.
    /// </summary>
    /// <remarks>
    /// The options are checked when the host starts: an <see cref="OptionsValidationException"/> names the one that is wrong.
    /// Without <paramref name="configure"/>, a second call changes nothing.
    /// </remarks>
    /// <exception cref="InvalidOperationException">Options have been given before. A second mutex, with options of its own, has a key.</exception>
    public static IServiceCollection AddDistributedMutex(this IServiceCollection services, Action<MutexOptions>? configure = null) =>
        services.AddKeyedDistributedMutex(null, configure);

    /// <summary>
    /// As <see cref="AddDistributedMutex(IServiceCollection, Action{MutexOptions})"/>, with the options from
    /// <paramref name="configuration"/>: its section "DistributedMutex", or itself if it is a section. A name there that is no
    /// option is an error, and so is a time that is not written as hh:mm:ss, or d.hh:mm:ss with days: "30" is 30 days to .NET,
    /// and "24:00:00" 24 days.
    /// </summary>
    /// <exception cref="InvalidOperationException">Options have been given before. A second mutex, with options of its own, has a key.</exception>
    public static IServiceCollection AddDistributedMutex(this IServiceCollection services, IConfiguration configuration) =>
        services.AddKeyedDistributedMutex(null, configuration);

    /// <summary>
    /// As <see cref="AddDistributedMutex(IServiceCollection, Action{MutexOptions})"/>, but a keyed service, on the
    /// <see cref="IConnectionMultiplexer"/> that the application has registered with the same key; if there is none, on what the
    /// mutex without a key uses. The name of its options is the key.
    /// </summary>
    /// <exception cref="InvalidOperationException">Options have been given before for that key.</exception>
    public static IServiceCollection AddKeyedDistributedMutex(this IServiceCollection services, object? serviceKey, Action<MutexOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = services.AddMutex(serviceKey);
        if (configure is not null)
        {
            services.SetUpOnce(serviceKey);
            options.Configure(configure);
        }

        return services;
    }

    /// <summary>
    /// As <see cref="AddKeyedDistributedMutex(IServiceCollection, object, Action{MutexOptions})"/>, with the options from
    /// <paramref name="configuration"/>, as <see cref="AddDistributedMutex(IServiceCollection, IConfiguration)"/> reads them.
    /// </summary>
    /// <exception cref="InvalidOperationException">Options have been given before for that key.</exception>
    public static IServiceCollection AddKeyedDistributedMutex(this IServiceCollection services, object? serviceKey, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddMutex(serviceKey);
        services.SetUpOnce(serviceKey);
        var section = configuration is IConfigurationSection ? configuration : configuration.GetSection(SectionName);
        services.AddSingleton<IConfigureOptions<MutexOptions>>(new ConfiguredOptions(NameOf(serviceKey), section));
        return services;
    }

    /// <summary>
    /// Adds a <see cref="RedisSemaphore"/> as a keyed service, whose key is <paramref name="resource"/>, with the options and the
    /// connection of the mutex without a key. It connects when it is first asked for.
    /// </summary>
    /// <exception cref="ArgumentException">The resource is blank, or there is no permit.</exception>
    public static IServiceCollection AddDistributedSemaphore(this IServiceCollection services, string resource, int permits)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(resource);
        ArgumentOutOfRangeException.ThrowIfLessThan(permits, 1);
        services.AddMutex(null);
        return services.AddKeyedSingleton(
            resource, (provider, _) => new RedisSemaphore(resource, permits, provider.ConnectionOf(null), provider.OptionsOf(null)));
    }

    /// <summary>The mutex and its family, unless they are there, and their options.</summary>
    internal static OptionsBuilder<MutexOptions> AddMutex(this IServiceCollection services, object? key)
    {
        services.TryAddSingleton<IOptionsFactory<MutexOptions>, MutexOptionsFactory>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<MutexOptions>, MutexOptionsValidator>());
        services.TryAddKeyedSingleton(key, (provider, _) => Connect(provider, key));
        services.TryAddKeyedSingleton(key, (provider, _) => new MutexConnection(() => provider.GetRequiredKeyedService<MutexConnection.OwnedMutex>(key).Mutex));
        services.TryAddKeyedSingleton<IDistributedMutex>(
            key, (provider, _) => new ServiceMutex(provider.GetRequiredKeyedService<MutexConnection>(key), provider.OptionsOf(key)));
        services.TryAddKeyedSingleton(key, (provider, _) => new RedisReadWriteLock(provider.ConnectionOf(key), provider.OptionsOf(key)));
        return services.AddOptions<MutexOptions>(NameOf(key)).ValidateOnStart();
    }

    internal static MutexOptions OptionsOf(this IServiceProvider services, object? key) =>
        services.GetRequiredService<IOptionsMonitor<MutexOptions>>().Get(NameOf(key));

    // Its own or the application's; opened now if it has not been.
    private static IConnectionMultiplexer ConnectionOf(this IServiceProvider services, object? key) =>
        services.GetRequiredKeyedService<MutexConnection.OwnedMutex>(key).Mutex.Connection;

    private static string NameOf(object? key) => key?.ToString() ?? Options.Options.DefaultName;

    // Who is second would otherwise have the last word, and the first would not hear of it.
    private static void SetUpOnce(this IServiceCollection services, object? key)
    {
        if (services.Any(service => service.ServiceType == typeof(SetUp) && Equals(service.ServiceKey, key)))
        {
            throw new InvalidOperationException(
                $"The options of the IDistributedMutex {(key is null ? "" : $"with the key '{key}' ")}have been given already. "
                + "AddKeyedDistributedMutex adds another mutex; services.Configure<MutexOptions> changes the options of this one.");
        }

        services.AddKeyedSingleton(key, new SetUp());
    }

    private static MutexConnection.OwnedMutex Connect(IServiceProvider services, object? key)
    {
        var options = services.OptionsOf(key);
        var connection = (key is null ? null : services.GetKeyedService<IConnectionMultiplexer>(key)) ?? services.GetService<IConnectionMultiplexer>();
        return new(connection is null
            ? new RedisMutex(services.GetService<RedisSettings>() ?? RedisSettings.FromEnvironment(), options)
            : new RedisMutex(connection, options));
    }

    private sealed class SetUp;
}
