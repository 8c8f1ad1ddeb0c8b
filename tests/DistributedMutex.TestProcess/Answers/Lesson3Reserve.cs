using DistributedMutex.Workshop;

namespace DistributedMutex.TestProcess.Answers;

/// <summary>Answers to the second exercise of lesson 3.</summary>
internal static class Lesson3Reserve
{
    /// <summary>Hand the lock to the caller, or leave none behind.</summary>
    public static IEnumerable<Answer> Reserve()
    {
        yield return Right("disposes on each way but one", async (mutex, seat, isFree) =>
        {
            var held = await One(mutex, seat);
            var keep = false;
            try
            {
                return held is not null && (keep = await isFree()) ? held : null;
            }
            finally
            {
                if (held is not null && !keep)
                {
                    await held.DisposeAsync();
                }
            }
        });
        yield return Right("catches what looking throws", async (mutex, seat, isFree) =>
        {
            var held = await One(mutex, seat);
            try
            {
                if (held is null || await isFree())
                {
                    return held;
                }
            }
            catch
            {
                await held!.DisposeAsync();
                throw;
            }

            await held.DisposeAsync();
            return null;
        });
        yield return Wrong("as it stands", "given back already", async (mutex, seat, isFree) =>
        {
            await using var held = await mutex.TryAcquireAsync(seat);
            return held is not null && await isFree() ? held : null;
        });
        yield return Wrong("looks before it locks", "there was no lock in Redis", async (mutex, seat, isFree) => await isFree() ? await One(mutex, seat) : null);
        yield return Wrong("looks twice", "you asked 2 times", async (mutex, seat, isFree) => await isFree() && await One(mutex, seat) is { } held && await isFree() ? held : null);
        yield return Wrong("never disposes", "the caller got null, and the lock was still there", async (mutex, seat, isFree) => await One(mutex, seat) is { } held && await isFree() ? held : null);
        yield return Wrong("does not look at the answer", "the caller got a lock", async (mutex, seat, isFree) =>
        {
            var held = await One(mutex, seat);
            await isFree();
            return held;
        });
        yield return Wrong("forgets that looking may throw", "looking threw, and the lock was still there", (mutex, seat, isFree) => IfFree(One(mutex, seat), isFree));
        yield return Wrong("swallows", "the caller never heard of it", async (mutex, seat, isFree) =>
        {
            var held = await One(mutex, seat);
            try
            {
                return await IfFree(Task.FromResult(held), isFree);
            }
            catch (InvalidOperationException)
            {
                await held!.DisposeAsync();
                return null;
            }
        });
        yield return Wrong("waits", "to say so", (mutex, seat, isFree) => DisposeIfItThrows(mutex.TryAcquireAsync(seat, TimeSpan.FromSeconds(4)), isFree));
        yield return Wrong("throws if it is taken", "your code threw LockAcquisitionException", (mutex, seat, isFree) => DisposeIfItThrows(mutex.AcquireAsync(seat, TimeSpan.Zero)!, isFree));
        yield return Wrong("looks without the lock if it is taken", "you went on", async (mutex, seat, isFree) =>
        {
            var one = One(mutex, seat);
            return await one is null && await isFree() ? null : await DisposeIfItThrows(one, isFree);
        });
        yield return Wrong("always null", "the caller got null", async (mutex, seat, isFree) =>
        {
            await using var held = await One(mutex, seat);
            await isFree();
            return null;
        });
        yield return Wrong("not done yet", "your code threw NotImplementedException", (_, _, _) => throw new NotImplementedException());

        static Task<MutexLock?> One(RedisMutex mutex, string seat) => mutex.TryAcquireAsync(seat, TimeSpan.Zero);

        static async Task<MutexLock?> IfFree(Task<MutexLock?> taking, Func<Task<bool>> isFree)
        {
            var held = await taking;
            if (held is null || await isFree())
            {
                return held;
            }

            await held.DisposeAsync();
            return null;
        }

        static async Task<MutexLock?> DisposeIfItThrows(Task<MutexLock?> taking, Func<Task<bool>> isFree)
        {
            var held = await taking;
            try
            {
                return await IfFree(Task.FromResult(held), isFree);
            }
            catch
            {
                await held!.DisposeAsync();
                throw;
            }
        }

        static Answer Right(string name, Func<RedisMutex, string, Func<Task<bool>>, Task<MutexLock?>> code) => Answer.Right(name, () => ReserveCheck.RunAsync(code!));
        static Answer Wrong(string name, string seen, Func<RedisMutex, string, Func<Task<bool>>, Task<MutexLock?>> code) => Answer.Wrong(name, seen, () => ReserveCheck.RunAsync(code!));
    }
}
