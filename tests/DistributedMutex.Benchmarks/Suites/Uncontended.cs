using DistributedMutex.Benchmarks.Load;
using DistributedMutex.Benchmarks.Locks;
using DistributedMutex.Benchmarks.Reports;

namespace DistributedMutex.Benchmarks.Suites;

/// <summary>A pair of acquire and release that nobody disturbs: one after the other, on 64 keys at once, and with the sync methods.</summary>
internal static class Uncontended
{
    private const int Keys = 64;

    // A turn of a run is to be over before the machine's scheduler thinks of somebody else: 1 ms of pairs in sequence, a few of all keys.
    private const int PairsInSequence = 16;
    private const int PairsOfEachKey = 4;

    public static async Task<IReadOnlyList<Table>> RunAsync(Arena arena, BenchmarkOptions options)
    {
        using var client = arena.NewClient();
        var sources = LockKind.Uncontended.Select(kind => kind.Open(client.Connection)).ToArray();
        var locks = sources.Select(source => Enumerable.Range(0, Keys).Select(_ => source.AdapterFor(arena.NewResource())).ToArray()).ToArray();

        var sequence = await MeasureAsync("in sequence", InSequenceAsync);
        var atOnce = await MeasureAsync("64 keys at once", AtOnceAsync);
        var sync = await MeasureAsync("sync", InSequence);
        var table = new Table(
            "uncontended pair",
            "lock",
            "in sequence, µs",
            "time ÷ floor",
            "64 keys, pairs/s",
            "throughput ÷ floor",
            "sync, µs",
            "sync time ÷ floor",
            "bytes a pair",
            "bytes ÷ floor");
        for (var index = 0; index < locks.Length; index++)
        {
            table.Add(
                LockKind.Uncontended[index].Name,
                sequence.Median(index),
                sequence.Ratio(index),
                1e6 / atOnce.Median(index),
                atOnce.Ratio(index).Invert(),
                sync.Median(index),
                sync.Ratio(index),
                sequence.Bytes(index),
                sequence.Bytes(index) / sequence.Bytes(0));
        }

        foreach (var source in sources)
        {
            source.Dispose();
        }

        return [table];

        async Task<Rounds> MeasureAsync(string way, Func<LockAdapter[], Task<int>> run)
        {
            Console.Error.WriteLine($"  uncontended, {way}");
            return await Rounds.MeasureAsync([.. locks.Select(adapters => (Func<Task<int>>)(() => run(adapters)))], options.Time * 3);
        }
    }

    private static async Task<int> InSequenceAsync(LockAdapter[] adapters)
    {
        foreach (var adapter in adapters.Take(PairsInSequence))
        {
            await PairAsync(adapter);
        }

        return PairsInSequence;
    }

    private static async Task<int> AtOnceAsync(LockAdapter[] adapters)
    {
        await Task.WhenAll(adapters.Select(PairsAsync));
        return adapters.Length * PairsOfEachKey;

        static async Task PairsAsync(LockAdapter adapter)
        {
            for (var pair = 0; pair < PairsOfEachKey; pair++)
            {
                await PairAsync(adapter);
            }
        }
    }

    private static Task<int> InSequence(LockAdapter[] adapters)
    {
        foreach (var adapter in adapters.AsSpan(0, PairsInSequence))
        {
            Check(adapter.Acquire(CancellationToken.None));
            Check(adapter.Release());
        }

        return Task.FromResult(PairsInSequence);
    }

    private static async Task PairAsync(LockAdapter adapter)
    {
        Check(await adapter.AcquireAsync(CancellationToken.None));
        Check(await adapter.ReleaseAsync());
    }

    private static void Check(bool held)
    {
        if (!held)
        {
            throw new InvalidOperationException("A lock that nobody else wants was not to be had, or was lost.");
        }
    }
}
