namespace DistributedMutex.Faults.Mutants;

/// <summary>A library that is broken in one place.</summary>
/// <param name="Name">What is broken.</param>
/// <param name="File">In which file of the library.</param>
/// <param name="Old">What stands there, once.</param>
/// <param name="New">What stands there instead.</param>
internal sealed record Mutant(string Name, string File, string Old, string New)
{
    public static IReadOnlyList<Mutant> All { get; } =
    [
        new("owner-check-removed", "Protocol/release.lua", "local holder = call('GET', KEYS[1])", "local holder = ARGV[1]"),
        new("grant-believed-at-any-age", "Protocol/Inquiry.cs", "if (age > Line.Grant / 2)", "if (age > Line.Grant * 1000)"),
    ];

    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static Mutant Find(string name) =>
        All.FirstOrDefault(mutant => mutant.Name == name) ?? throw new ArgumentException($"There is no mutant {name}: {string.Join(", ", All.Select(mutant => mutant.Name))}");

    /// <summary>The text of the file, broken.</summary>
    /// <exception cref="InvalidOperationException">What is to be broken is not there, or not only once: the library has changed.</exception>
    public string Break(string text) => text.Split(Old).Length == 2
        ? text.Replace(Old, New, StringComparison.Ordinal)
        : throw new InvalidOperationException($"Mutant {Name}: {File} does not hold '{Old}' once.");
}
