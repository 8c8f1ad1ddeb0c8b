using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DistributedMutex.Services;

/// <summary>The defaults of a service; here, so that they come first, in whatever order the application configures its options.</summary>
internal sealed class MutexOptionsFactory(
    IEnumerable<IConfigureOptions<MutexOptions>> setups,
    IEnumerable<IPostConfigureOptions<MutexOptions>> postConfigures,
    IEnumerable<IValidateOptions<MutexOptions>> validations,
    ILoggerFactory? loggerFactory = null,
    TimeProvider? timeProvider = null)
    : OptionsFactory<MutexOptions>(setups, postConfigures, validations)
{
    protected override MutexOptions CreateInstance(string name) => new()
    {
        Lease = TimeSpan.FromMinutes(1),
        Wait = TimeSpan.FromSeconds(5),
        Retry = TimeSpan.FromMilliseconds(250),

        // A service that forgets to release must not hold for ever.
        MaxHold = TimeSpan.FromHours(1),
        LoggerFactory = loggerFactory,
        TimeProvider = timeProvider ?? TimeProvider.System,
    };
}

/// <summary>The checks of <see cref="RedisMutex"/>, when the application starts.</summary>
internal sealed class MutexOptionsValidator : IValidateOptions<MutexOptions>
{
    public ValidateOptionsResult Validate(string? name, MutexOptions options)
    {
        try
        {
            options.ValidatedCopy();
            return ValidateOptionsResult.Success;
        }
        catch (ArgumentException e)
        {
            return ValidateOptionsResult.Fail($"{nameof(MutexOptions)}.{e.ParamName}: {e.Message}");
        }
    }
}
