#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Five threads, one file: the mutex is a scope too, which closes its connection. Inside it, the scope of the lock.

return Race.Run("using connection scope", thread =>
{
    using var mutex = new RedisMutex();

    thread.Say("Acquiring lock...");
    using (mutex.Acquire("shared_file", wait: TimeSpan.FromSeconds(15), retry: TimeSpan.FromSeconds(0.5)))
    {
        thread.Say("✓ Lock acquired");
        thread.WriteNextLine();
        thread.Say("✓ Done");
        thread.Say("✓ Lock released"); // by the next brace: said here, before the next thread can speak
    }
});
