using System.Collections.Immutable;
using DistributedMutex.Analyzers;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace DistributedMutex.Tests;

/// <summary>What the analyzer in the package says of a line in an async method that has a mutex.</summary>
[Quick]
public sealed class AnalyzerTests
{
    private static readonly ImmutableArray<MetadataReference> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is var name && (name.StartsWith("System.", StringComparison.Ordinal) || name is "DistributedMutex.dll" or "netstandard.dll" or "StackExchange.Redis.dll"))
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    [Theory]
    [InlineData("mutex.Lock(\"x\");")]
    [InlineData("await mutex.LockAsync(\"x\");")]
    [InlineData("mutex.LockAsync(\"x\");")]
    [InlineData("await mutex.LockAsync(\"x\").ConfigureAwait(false);")]
    [InlineData("mutex?.Lock(\"x\");")]
    [InlineData("(await mutex.LockAsync(\"x\")).ToString(); await mutex.AcquireAsync(\"x\");")]
    [InlineData("mutex.Acquire(\"x\");")]
    [InlineData("await mutex.TryAcquireAsync(\"x\", TimeSpan.Zero);")]
    [InlineData("await service.AcquireAsync(\"x\");")]
    [InlineData("await service.TryAcquireAsync(\"x\");")]
    [InlineData("new Thread(() => mutex.Lock(\"x\")).Start();")]
    [InlineData("Func<Task> late = async () => await mutex.LockAsync(\"x\"); await late();")]
    [InlineData("if (mutex.Unlock(\"x\")) mutex.Lock(\"x\");")]
    public async Task A_result_that_nobody_looks_at_is_warned_of(string code) => Assert.Equal([LockAnalyzer.IgnoredId], await WarningsAsync(code));

    [Theory]
    [InlineData("var held = mutex.Acquire(\"x\");")]
    [InlineData("MutexLock held = await mutex.AcquireAsync(\"x\"); Console.WriteLine(held.Fence);")]
    [InlineData("var held = await service.TryAcquireAsync(\"x\"); if (held is null) return; Console.WriteLine(held.IsHeld); await held.ExtendAsync();")]
    [InlineData("var held = await service.TryAcquireAsync(\"x\"); if (held != null) Console.WriteLine(held?.Fence);")]
    [InlineData("if (await service.TryAcquireAsync(\"x\") is { } held) Console.WriteLine(held.Fence);")]
    [InlineData("if (await service.TryAcquireAsync(\"x\") is MutexLock held) Console.WriteLine(held.Fence);")]
    [InlineData("if (await service.TryAcquireAsync(\"x\") is null) return;")]
    [InlineData("if (await service.TryAcquireAsync(\"x\") != null) Console.WriteLine();")]
    [InlineData("Console.WriteLine((await mutex.AcquireAsync(\"x\")).Fence);")]
    [InlineData("var all = await mutex.AcquireAllAsync([\"x\", \"y\"]);")]
    public async Task A_lock_that_nothing_disposes_of_is_warned_of(string code) => Assert.Equal([LockAnalyzer.NotDisposedId], await WarningsAsync(code));

    [Theory]
    [InlineData("if (!mutex.Lock(\"x\")) return;")]
    [InlineData("var got = await mutex.LockAsync(\"x\"); Console.WriteLine(got);")]
    [InlineData("_ = mutex.Lock(\"x\"); _ = await mutex.LockAsync(\"x\"); _ = mutex.LockAsync(\"x\"); _ = await mutex.AcquireAsync(\"x\");")]
    [InlineData("using (mutex.Acquire(\"x\")) { }")]
    [InlineData("using var held = mutex.Acquire(\"x\");")]
    [InlineData("await using var held = await service.TryAcquireAsync(\"x\"); if (held is null) return;")]
    [InlineData("await using (var held = await mutex.AcquireAsync(\"x\")) { Console.WriteLine(held.Fence); }")]
    [InlineData("await using (await mutex.AcquireAsync(\"x\").ConfigureAwait(false)) { }")]
    [InlineData("var held = await mutex.AcquireAsync(\"x\"); await using var closing = held.ConfigureAwait(false);")]
    [InlineData("var held = await mutex.TryAcquireAsync(\"x\"); held?.Dispose();")]
    [InlineData("var held = await mutex.AcquireAsync(\"x\"); try { } finally { await held.ReleaseAsync(); }")]
    [InlineData("var held = await mutex.AcquireAsync(\"x\"); Keep(held);")]
    [InlineData("kept = await mutex.AcquireAsync(\"x\"); var held = mutex.Acquire(\"y\"); kept = held;")]
    [InlineData("var taking = mutex.AcquireAsync(\"x\"); await Task.WhenAll(taking);")]
    [InlineData("if (await mutex.TryAcquireAsync(\"x\") is { } held) await using (held) { }")]
    [InlineData("mutex.Unlock(\"x\"); await service.ReleaseAsync(\"x\"); await mutex.IsLockedAsync(\"x\");")]
    [InlineData("new Other().Lock(\"x\"); await new Other().AcquireAsync();")]
    public async Task A_result_that_is_looked_at_kept_or_discarded_on_purpose_is_none_of_its_business(string code) => Assert.Empty(await WarningsAsync(code));

    private static async Task<IEnumerable<string>> WarningsAsync(string code)
    {
        var tree = CSharpSyntaxTree.ParseText(
            $$"""
            using System; using System.Threading; using System.Threading.Tasks; using DistributedMutex;
            class Other { public bool Lock(string x) => true; public Task<bool> AcquireAsync() => Task.FromResult(true); }
            class Subject
            {
                MutexLock? kept;
                void Keep(MutexLock held) => kept = held;
                async Task RunAsync(RedisMutex mutex, IDistributedMutex service) { await Task.Yield(); {{code}} }
            }
            """,
            cancellationToken: TestContext.Current.CancellationToken);
        var compilation = CSharpCompilation.Create(
            "subject", [tree], References, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        Assert.DoesNotContain(compilation.GetDiagnostics(TestContext.Current.CancellationToken), diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        var found = await compilation.WithAnalyzers([new LockAnalyzer()]).GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
        return found.Select(diagnostic => diagnostic.Id);
    }
}
