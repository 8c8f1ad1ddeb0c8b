using System.Runtime.InteropServices;

namespace DistributedMutex.Workshop;

/// <summary>Where the doctor runs: in a container there is no engine to be missed.</summary>
internal enum Place
{
    Machine,
    Container,
    DevContainer,
    Codespace,
}

/// <summary>Says where it runs, and on what.</summary>
internal static class PlaceCheck
{
    public static Place Here => Judge(Environment.GetEnvironmentVariable, File.Exists, Clone.Root);

    public static DoctorFinding Check(Place place)
    {
        var where = place switch
        {
            Place.Codespace => "in a codespace",
            Place.DevContainer => "in the dev container",
            Place.Container => "in a container",
            _ => "on this machine",
        };
        return new("Place", DoctorState.Fine, $"{where}, {RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}");
    }

    /// <summary>Judged by what Docker, Podman and Microsoft's images leave behind, and by the folder that the dev container uses.</summary>
    public static Place Judge(Func<string, string?> variable, Func<string, bool> fileExists, string clone)
    {
        var isContainer = IsTrue("DOTNET_RUNNING_IN_CONTAINER") || fileExists("/.dockerenv") || fileExists("/run/.containerenv");
        return IsTrue("CODESPACES") ? Place.Codespace
            : IsTrue("REMOTE_CONTAINERS") || (isContainer && clone.StartsWith("/workspaces/", StringComparison.Ordinal)) ? Place.DevContainer
            : isContainer ? Place.Container
            : Place.Machine;

        bool IsTrue(string name) => string.Equals(variable(name), "true", StringComparison.OrdinalIgnoreCase);
    }
}
