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
    /// to what <see cref="RedisSettings.FromEnvironment"/> names. It connects when a lock is first wanted.
    /// </summary>
    /// <remarks>The options are checked when the host starts: an <see cref="OptionsValidationException"/> names the one that is wrong.</remarks>
    public static IServiceCollection AddDistributedMutex(this IServiceCollection services, Action<MutexOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<IOptionsFactory<MutexOptions>, MutexOptionsFactory>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<MutexOptions>, MutexOptionsValidator>());
        services.AddOptions<MutexOptions>().Configure(configure ?? (_ => { })).ValidateOnStart();
        services.TryAddSingleton<MutexConnection>();
        services.TryAddSingleton<MutexConnection.OwnedMutex>(Connect);
        services.TryAddSingleton<IDistributedMutex, ServiceMutex>();
        return services;
    }

    /// <summary>
    /// As <see cref="AddDistributedMutex(IServiceCollection, Action{MutexOptions})"/>, with the options from
    /// <paramref name="configuration"/>: its section "DistributedMutex", or itself if it is a section. A name there that is no option is an error, and so is a time that is not written as hh:mm:ss,
    /// or d.hh:mm:ss with days: "30" is 30 days to .NET, and "24:00:00" 24 days.
    /// </summary>
    public static IServiceCollection AddDistributedMutex(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var section = configuration is IConfigurationSection ? configuration : configuration.GetSection(SectionName);
        services.AddSingleton<IConfigureOptions<MutexOptions>>(new ConfiguredOptions(section));
        return services.AddDistributedMutex();
    }

    /// <summary>
    /// As <see cref="AddDistributedMutex(IServiceCollection, Action{MutexOptions})"/>, on the <see cref="IConnectionMultiplexer"/>
    /// that the application has registered with the key <paramref name="connectionKey"/>.
    /// </summary>
    public static IServiceCollection AddDistributedMutex(this IServiceCollection services, object connectionKey, Action<MutexOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(connectionKey);
        services.Replace(ServiceDescriptor.Singleton(new ConnectionKey(connectionKey)));
        return services.AddDistributedMutex(configure);
    }

    private static MutexConnection.OwnedMutex Connect(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<MutexOptions>>().Value;
        var connection = services.GetService<ConnectionKey>() is { } named
            ? services.GetRequiredKeyedService<IConnectionMultiplexer>(named.Key)
            : services.GetService<IConnectionMultiplexer>();
        return new(connection is null
            ? new RedisMutex(services.GetService<RedisSettings>() ?? RedisSettings.FromEnvironment(), options)
            : new RedisMutex(connection, options));
    }

    private sealed record ConnectionKey(object Key);
}
