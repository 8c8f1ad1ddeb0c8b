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
        new("del-without-check", "Protocol/release.lua", "if holder == ARGV[1] and call('EXISTS', KEYS[2]) == 0 then", "if call('EXISTS', KEYS[2]) == 0 then"),
        new("renew-by-set", "Protocol/renew.lua", "if call('GET', KEYS[1]) ~= ARGV[1] then\n  return 0\nend", "if ARGV[2] ~= '0' then call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end"),
        new("fence-restarts", "Protocol/fence.lua", "local first = time[1] .. string.sub('00000' .. time[2], -6)", "local first = '1000000000000000'"),
        new("grant-believed-at-any-age", "Protocol/KeyLease.cs", "return age > TimeSpan.Zero ? age : TimeSpan.Zero;", "return TimeSpan.Zero;"),
        new("no-drift-margin", "Protocol/Clock.cs", "return lease - Earlier(drift, lease / 2);", "return lease;"),
        new("release-not-retried", "Protocol/HolderCalls.cs", "_ = driver.ReleaseUntilAnsweredAsync(key);", ""),
        new("restored-not-heard", "Protocol/Mailbox.cs", "_connection.ConnectionRestored += (_, _) => _ = ResumeAsync(anew: false);", ""),
        new("count-trusted-in-cluster", "Protocol/LockProtocol.cs", "servers is [{ ServerType: ServerType.Standalone }]", "true"),
        new("last-come-first-served", "Protocol/queue.lua", "(tonumber(last[2]) or 0) + 1", "(tonumber(last[2]) or 0) - 1"),
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
