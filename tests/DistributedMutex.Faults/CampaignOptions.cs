using System.Globalization;

namespace DistributedMutex.Faults;

/// <summary>What the command line says.</summary>
internal sealed record CampaignOptions
{
    public const string Usage = "--setup single|replica|sentinel|cluster|garnet [--seconds 60] [--seed 1] [--mutant NAME] [--faults NAME,NAME] [--history FOLDER]";

    public string Setup { get; init; } = "single";

    public int Seconds { get; init; } = 60;

    public int Seed { get; init; } = 1;

    /// <summary>Which broken library to run; null for the one that was built.</summary>
    public string? Mutant { get; init; }

    /// <summary>Only these faults; null for all that the set-up has.</summary>
    public IReadOnlyList<string>? Faults { get; init; }

    /// <summary>Where the history is to be kept, also if nothing was found; null for a folder that is kept only then.</summary>
    public string? History { get; init; }

    /// <exception cref="FormatException">There is no such option, or no such value.</exception>
    public static CampaignOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new CampaignOptions();
        for (var i = 0; i < arguments.Count; i += 2)
        {
            var value = i + 1 < arguments.Count ? arguments[i + 1] : throw new FormatException($"{arguments[i]} lacks its value: {Usage}");
            options = arguments[i] switch
            {
                "--setup" => options with { Setup = value },
                "--seconds" => options with { Seconds = int.Parse(value, CultureInfo.InvariantCulture) },
                "--seed" => options with { Seed = int.Parse(value, CultureInfo.InvariantCulture) },
                "--mutant" => options with { Mutant = value },
                "--history" => options with { History = value },
                "--faults" => options with { Faults = value.Split(',') },
                _ => throw new FormatException($"There is no {arguments[i]}: {Usage}"),
            };
        }

        return options;
    }
}
