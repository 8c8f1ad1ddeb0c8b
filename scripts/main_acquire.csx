#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Five threads, one file: Acquire returns a scope, which releases the lock at its end, whatever happens inside.

return Race.Run("using acquire scope", thread =>
{
    var mutex = new RedisMutex();
    try
    {
        thread.Say("Acquiring lock...");
        using (mutex.Acquire("shared_file", wait: TimeSpan.FromSeconds(15), retry: TimeSpan.FromSeconds(0.5)))
        {
            thread.Say("✓ Lock acquired");
            thread.WriteNextLine();
            thread.Say("✓ Done");
            thread.Say("✓ Lock released"); // by the next brace: said here, before the next thread can speak
        }
    }
    finally
    {
        mutex.Close();
    }
});
