using DistributedMutex.Settings;

namespace DistributedMutex.Workshop;

/// <summary>Whether the settings can be read, and which .env file and variables they come from.</summary>
internal static class EnvFileCheck
{
    public static (DoctorFinding Finding, RedisSettings? Settings) Check()
    {
        try
        {
            var settings = RedisSettings.FromEnvironment();
            var variables = RedisSettings.Variables.Where(name => !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(name))).ToList();
            var overridden = variables.Count == 0 ? "" : $", and {string.Join(", ", variables)} of the environment, which {(variables.Count == 1 ? "wins" : "win")} over it";
            return EnvFile.Find() is { } file
                ? (new(".env", DoctorState.Fine, $"{file}{overridden}"), settings)
                : (new(".env", DoctorState.Optional, $"there is none in this folder or above it, so {settings} is looked for{overridden}.", "'git checkout .env' brings it back."), settings);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            return (new(".env", DoctorState.Broken, e.Message), null);
        }
    }
}
