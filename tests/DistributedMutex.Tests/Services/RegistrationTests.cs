using System.Net;
using System.Net.Sockets;
using DistributedMutex.Protocol;
using DistributedMutex.Services;
using DistributedMutex.Tests.Diagnostics;
using DistributedMutex.Tests.Servers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace DistributedMutex.Tests.Services;

public abstract class ConnectedServiceTests(ServerFixture server)
{
    [Fact]
    public async Task A_registered_connection_is_used_and_left_open()
    {
        var key = server.NewResource();
        using var application = new RedisClient(server.Settings);
        await using (var services = new ServiceCollection().AddSingleton(application.Connection).AddSingleton(Nowhere()).AddDistributedMutex().BuildServiceProvider())
        {
            Assert.True(await services.GetRequiredService<IDistributedMutex>().AcquireAsync(key));
        }

        Assert.False(await application.Database.KeyExistsAsync(new LockKeys(key).Lock));
    }

    [Fact]
    public async Task Read_write_locks_and_semaphores_are_services_on_the_connection_and_with_the_options_of_the_mutex()
    {
        var (key, permits) = (server.NewResource(), server.NewResource());
        using var application = new RedisClient(server.Settings);
        await using (var services = new ServiceCollection().AddSingleton(application.Connection)
            .AddDistributedMutex(options => options.Wait = TimeSpan.Zero).AddDistributedSemaphore(permits, 1).BuildServiceProvider())
        {
            var locks = services.GetRequiredService<RedisReadWriteLock>();
            var semaphore = services.GetRequiredKeyedService<RedisSemaphore>(permits);
            Assert.Same(application.Connection, locks.Connection);
            Assert.Same(application.Connection, semaphore.Connection);
            var (writer, permit) = (await locks.AcquireWriteAsync(key), await semaphore.AcquireAsync());
            Assert.InRange(writer.Remaining.TotalSeconds, 50, 60);
            Assert.Null(await locks.TryAcquireReadAsync(key));
            Assert.Null(await semaphore.TryAcquireAsync());
            Assert.True(permit.IsHeld);
        }

        // The container releases what they hold, and leaves the connection open.
        Assert.Equal(0, await application.Database.KeyExistsAsync(["rwlock:" + key, "semaphore:" + permits]));
    }

    [Fact]
    public async Task A_connection_that_the_container_made_is_closed_after_what_is_held_was_released()
    {
        var (key, keyed) = (server.NewResource(), server.NewResource());
        using var foreign = server.NewForeignClient();
        foreach (var services in new[]
        {
            new ServiceCollection().AddSingleton(_ => new RedisClient(server.Settings).Connection).AddDistributedMutex(),
            new ServiceCollection().AddKeyedSingleton("locks", (_, _) => new RedisClient(server.Settings).Connection)
                .AddSingleton<IConnectionMultiplexer>(_ => throw new InvalidOperationException("not this one")).AddKeyedDistributedMutex("locks"),
        })
        {
            var provider = services.BuildServiceProvider();
            Assert.True(await (provider.GetKeyedService<IDistributedMutex>("locks") ?? provider.GetRequiredService<IDistributedMutex>()).AcquireAsync(key));
            Assert.True(await foreign.Database.KeyExistsAsync(new LockKeys(key).Lock));
            provider.Dispose();
            Assert.False(await foreign.Database.KeyExistsAsync(new LockKeys(key).Lock));
        }
    }

    [Fact]
    public async Task Mutexes_with_keys_are_mutexes_of_their_own_on_the_connection_with_the_same_key()
    {
        var key = server.NewResource();
        using var orders = new RedisClient(server.Settings);
        await using var services = new ServiceCollection().AddKeyedSingleton("orders", orders.Connection).AddSingleton(server.Settings)
            .AddKeyedDistributedMutex("orders", options => options.KeyPrefix = "orders:")
            .AddKeyedDistributedMutex("stock", RegistrationTests.Configuration(("DistributedMutex:KeyPrefix", "stock:")))
            .AddDistributedMutex(options => options.Wait = TimeSpan.Zero).BuildServiceProvider();
        var mutexes = new[] { "orders", "stock" }.Select(services.GetRequiredKeyedService<IDistributedMutex>).Append(services.GetRequiredService<IDistributedMutex>()).ToList();
        var held = await Task.WhenAll(mutexes.Select(mutex => mutex.TryAcquireAsync(key)));
        Assert.Equal(3, await orders.Database.KeyExistsAsync(["orders:" + key, "stock:" + key, "lock:" + key]));
        Assert.Null(await mutexes[2].TryAcquireAsync(key));
        Assert.All(held, Assert.NotNull);
        await services.DisposeAsync();
        Assert.Equal(0, await orders.Database.KeyExistsAsync(["orders:" + key, "stock:" + key, "lock:" + key]));
        Assert.True(orders.Connection.IsConnected);
    }

    [Fact]
    public async Task A_server_that_is_down_fails_the_call_and_not_the_container_and_the_next_call_tries_again()
    {
        var log = new FakeLogCollector();
        var nowhere = Nowhere();
        var settings = nowhere;
        await using var services = new ServiceCollection().AddTransient(_ => settings).AddSingleton(log.ToFactory())
            .AddDistributedMutex(options => options.Wait = TimeSpan.FromMinutes(1)).BuildServiceProvider();
        var mutex = services.GetRequiredService<IDistributedMutex>();
        var failing = mutex.AcquireAsync("x");
        var thrown = await Assert.ThrowsAsync<RedisConnectionException>(() => failing);
        Assert.StartsWith($"Redis at {nowhere} cannot be reached.", thrown.Message, StringComparison.Ordinal);
        var error = Assert.Single(log.GetSnapshot(), entry => entry.Level == LogLevel.Error);
        Assert.Equal(("NotAcquired", "x"), (error.Id.Name, error.Resource()));

        settings = server.Settings;
        var key = server.NewResource();
        Assert.True(await mutex.AcquireAsync(key));
        Assert.True(await mutex.ReleaseAsync(key));
    }

    [Fact]
    public async Task A_connection_that_takes_too_long_keeps_nobody_longer_than_it_may()
    {
        using var open = new ManualResetEventSlim();
        var clock = new FakeTimeProvider();
        await using var services = new ServiceCollection().AddSingleton(_ =>
        {
            open.Wait();
            return server.Settings;
        }).AddDistributedMutex(options => options.TimeProvider = clock).BuildServiceProvider();
        var mutex = services.GetRequiredService<IDistributedMutex>();
        using var stop = new CancellationTokenSource();
        var cancelled = mutex.AcquireAsync("x", stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        var late = mutex.AcquireAsync("x");
        clock.Advance(TimeSpan.FromMinutes(1));
        await Assert.ThrowsAsync<TimeoutException>(() => late);
        open.Set();
    }

    [Fact]
    public async Task Health_is_that_a_lock_can_be_taken_and_released_also_by_many_at_once()
    {
        await using var services = new ServiceCollection().AddLogging().AddSingleton(server.Settings).AddHealthChecks().AddDistributedMutex().Services.BuildServiceProvider();
        await using var others = new ServiceCollection().AddLogging().AddSingleton(server.Settings).AddHealthChecks().AddDistributedMutex().Services.BuildServiceProvider();
        var reports = await Task.WhenAll(Enumerable.Range(0, 20).Select(number =>
            (number % 2 == 0 ? services : others).GetRequiredService<HealthCheckService>().CheckHealthAsync()));
        Assert.All(reports, report => Assert.Equal(HealthStatus.Healthy, report.Entries["distributed_mutex"].Status));
        using var foreign = server.NewForeignClient();
        Assert.False(await foreign.Database.KeyExistsAsync(new LockKeys(MutexHealthCheck.Resource).Lock));
    }

    [Fact]
    public async Task Health_fails_with_the_server_and_comes_back_with_it()
    {
        var settings = Nowhere();
        await using var services = new ServiceCollection().AddLogging().AddTransient(_ => settings)
            .AddHealthChecks().AddDistributedMutex("lock", HealthStatus.Degraded, ["ready"]).Services.BuildServiceProvider();
        var health = services.GetRequiredService<HealthCheckService>();
        var failed = (await health.CheckHealthAsync(check => check.Tags.Contains("ready"))).Entries["lock"];
        Assert.Equal(HealthStatus.Degraded, failed.Status);
        Assert.StartsWith($"Redis at {settings} cannot be reached.", failed.Description, StringComparison.Ordinal);
        settings = server.Settings;
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);
    }

    private static RedisSettings Nowhere()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new RedisSettings { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port };
    }
}

[Collection(OnRedis.Name)]
public sealed class ServiceConnectedToRedisTests(RedisFixture server) : ConnectedServiceTests(server);

[Collection(OnGarnet.Name)]
public sealed class ServiceConnectedToGarnetTests(GarnetFixture server) : ConnectedServiceTests(server);

[Quick]
public sealed class RegistrationTests
{
    [Fact]
    public void The_defaults_are_a_minute_of_lease_five_seconds_of_wait_and_an_hour_at_most()
    {
        var options = Options(services => services.AddDistributedMutex());
        Assert.Equal(
            (TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(250), (TimeSpan?)TimeSpan.FromHours(1), true),
            (options.Lease, options.Wait, options.Retry, options.MaxHold, options.Renew));
    }

    [Fact]
    public void The_application_has_the_last_word_in_whatever_order_it_speaks()
    {
        var options = Options(services => services
            .Configure<MutexOptions>(options => options.Lease = TimeSpan.FromSeconds(7))
            .AddDistributedMutex(options => options.Wait = TimeSpan.FromSeconds(8))
            .AddDistributedMutex()
            .Configure<MutexOptions>(options => options.Retry = TimeSpan.FromSeconds(9)));
        Assert.Equal((7, 8, 9), (options.Lease.TotalSeconds, options.Wait.TotalSeconds, options.Retry.TotalSeconds));
    }

    [Fact]
    public void Options_that_are_given_twice_are_an_error_and_not_a_silent_replacement()
    {
        var configuration = Configuration(("DistributedMutex:Wait", "00:00:01"));
        var adding = new Func<IServiceCollection, IServiceCollection>[]
        {
            services => services.AddDistributedMutex(options => options.Wait = TimeSpan.Zero),
            services => services.AddDistributedMutex(configuration),
            services => services.AddKeyedDistributedMutex(null, configuration),
        };
        foreach (var (first, second) in adding.SelectMany(first => adding.Select(second => (first, second))))
        {
            var services = first(new ServiceCollection().AddDistributedMutex()).AddHealthChecks().AddDistributedMutex().Services.AddDistributedMutex();
            Assert.Contains("have been given already", Assert.Throws<InvalidOperationException>(() => second(services)).Message, StringComparison.Ordinal);
            Assert.Single(services, service => service.ServiceType == typeof(IDistributedMutex));
        }

        var keyed = new ServiceCollection().AddKeyedDistributedMutex("a", configuration).AddKeyedDistributedMutex("b", configuration).AddDistributedMutex(configuration);
        Assert.Contains("with the key 'b'", Assert.Throws<InvalidOperationException>(() => keyed.AddKeyedDistributedMutex("b", _ => { })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_but_options_can_be_taken_for_an_argument_so_that_no_text_is_a_key()
    {
        var overloads = typeof(DistributedMutexServiceCollectionExtensions).GetMethods().Where(method => method.Name == "AddDistributedMutex");
        Assert.Equal(
            [typeof(Action<MutexOptions>), typeof(IConfiguration)],
            overloads.SelectMany(method => method.GetParameters().Skip(1)).Select(parameter => parameter.ParameterType).OrderBy(type => type.Name));
    }

    [Fact]
    public void Configuration_is_read_from_its_section_or_is_the_section()
    {
        var configuration = Configuration(("DistributedMutex:Lease", "00:00:07"), ("DistributedMutex:MaxHold", "00:02:00"), ("DistributedMutex:Renew", "false"));
        foreach (var given in new[] { configuration, configuration.GetSection("DistributedMutex") })
        {
            var options = Options(services => services.AddDistributedMutex(given));
            Assert.Equal((7, 5, 120, false), (options.Lease.TotalSeconds, options.Wait.TotalSeconds, options.MaxHold!.Value.TotalSeconds, options.Renew));
        }
    }

    [Fact]
    public void Every_option_that_a_text_can_say_is_read_whatever_the_case_of_its_name()
    {
        var options = Options(services => services.AddDistributedMutex(Configuration(
            ("DistributedMutex:LEASE", "1.00:00:00"),
            ("DistributedMutex:wait", "-00:00:00.001"),
            ("DistributedMutex:Retry", " 00:00:00.5 "),
            ("DistributedMutex:MaxHold", ""),
            ("DistributedMutex:Renew", "False"),
            ("DistributedMutex:Fence", "false"),
            ("DistributedMutex:KeyPrefix", "shop:"))));
        Assert.Equal(
            (TimeSpan.FromDays(1), Timeout.InfiniteTimeSpan, TimeSpan.FromSeconds(0.5), null, false, false, "shop:"),
            (options.Lease, options.Wait, options.Retry, options.MaxHold, options.Renew, options.Fence, options.KeyPrefix));
        var said = typeof(MutexOptions).GetProperties().Select(property => property.Name).Except(["RetryStrategy", "TimeProvider", "LoggerFactory"]);
        var thrown = Assert.Throws<OptionsValidationException>(() => Options(services => services.AddDistributedMutex(Configuration(("DistributedMutex:x", "")))));
        Assert.All(said, name => Assert.Contains(name, thrown.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Lease", "00:00:00", "MutexOptions.Lease: ")]
    [InlineData("Wait", "-00:00:02", "MutexOptions.Wait: ")]
    [InlineData("Retry", "00:00:00", "MutexOptions.Retry: ")]
    [InlineData("MaxHold", "00:00:00", "MutexOptions.MaxHold: ")]
    [InlineData("Lease", "soon", "DistributedMutex:Lease")]
    [InlineData("Leese", "00:00:01", "DistributedMutex:Leese: 'Leese' is none of the options, Lease, Wait,")]
    [InlineData("Wait", "24:00:00", "DistributedMutex:Wait is '24:00:00', and no time: write hh:mm:ss, or d.hh:mm:ss with days (.NET would read '24:00:00' as 24.00:00:00).")]
    [InlineData("Wait", "5", "(.NET would read '5' as 5.00:00:00)")]
    [InlineData("Lease", " 30 ", "as 30.00:00:00)")]
    [InlineData("Lease", "00:30", "as 00:30:00)")]
    [InlineData("Lease", "1:00:00:00", "as 1.00:00:00)")]
    [InlineData("Lease", "30s", "DistributedMutex:Lease is '30s', and no time")]
    [InlineData("Lease", "", "DistributedMutex:Lease is '', and no time")]
    [InlineData("Lease:Seconds", "30", "DistributedMutex:Lease is '', and no time")]
    [InlineData("Wait", "-1", "-1.00:00:00")]
    [InlineData("Renew", "1", "DistributedMutex:Renew is '1', and neither true nor false.")]
    [InlineData("Fence", "", "DistributedMutex:Fence is ''")]
    [InlineData("KeyPrefix", "", "MutexOptions.KeyPrefix: ")]
    [InlineData("RetryStrategy", "None", "DistributedMutex:RetryStrategy can be set in code only.")]
    public void A_wrong_option_is_named_when_the_application_starts(string name, string value, string named)
    {
        using var services = new ServiceCollection().AddDistributedMutex(Configuration(("DistributedMutex:" + name, value))).BuildServiceProvider();
        var thrown = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());
        Assert.Contains(named, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_logger_and_the_clock_of_the_container_are_used_unless_the_options_name_others()
    {
        using var log = new FakeLogCollector().ToFactory();
        var clock = new FakeTimeProvider();
        var options = Options(services => services.AddSingleton(log).AddSingleton<TimeProvider>(clock).AddDistributedMutex());
        Assert.Same(log, options.LoggerFactory);
        Assert.Same(clock, options.TimeProvider);
        Assert.Same(TimeProvider.System, Options(services => services
            .AddSingleton<TimeProvider>(clock).AddDistributedMutex(options => options.TimeProvider = TimeProvider.System)).TimeProvider);
    }

    [Fact]
    public void Each_strategy_pauses_as_its_name_says()
    {
        TimeSpan first = TimeSpan.FromMilliseconds(10), longest = TimeSpan.FromMilliseconds(50);
        Assert.Equal([null], Pauses(RetryStrategy.None, 1));
        Assert.Equal([10, 10, 10], Pauses(RetryStrategy.Linear(first), 3));
        Assert.Equal([10, 20, 40, 50, 50], Pauses(RetryStrategy.Exponential(first, longest), 5));
        Assert.Equal([10, 20, null], Pauses(RetryStrategy.Exponential(first, longest).Limit(2).Limit(9), 3));
        Assert.Equal(longest, RetryStrategy.Exponential(first, longest).Pause(int.MaxValue - 1));
        Assert.Equal(TimeSpan.FromHours(1), RetryStrategy.Linear(TimeSpan.FromHours(1)).Pause(40));
        Assert.Throws<ArgumentOutOfRangeException>(() => RetryStrategy.Linear(TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => RetryStrategy.Exponential(longest, first));
        Assert.Throws<ArgumentOutOfRangeException>(() => RetryStrategy.None.Limit(-1));

        static IEnumerable<double?> Pauses(RetryStrategy strategy, int count) =>
            Enumerable.Range(0, count).Select(retries => strategy.Pause(retries)?.TotalMilliseconds);
    }

    private static MutexOptions Options(Action<IServiceCollection> add)
    {
        var services = new ServiceCollection();
        add(services);
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<MutexOptions>>().Value;
    }

    internal static IConfiguration Configuration(params (string Key, string Value)[] values) =>
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).Build();
}
