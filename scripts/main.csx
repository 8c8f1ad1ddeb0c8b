#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// Five threads, one file: explicit Lock and Unlock. Run it with -- --no-lock to see why.

return Race.Run("using lock/unlock", thread =>
{
    var mutex = new RedisMutex();
    try
    {
        thread.Say("Acquiring lock...");
        if (!mutex.Lock("shared_file", wait: TimeSpan.FromSeconds(15), retry: TimeSpan.FromSeconds(0.5)))
        {
            thread.Fail("Could not acquire lock");
            return;
        }

        try
        {
            thread.Say("✓ Lock acquired");
            thread.WriteNextLine();
            thread.Say("✓ Done");
        }
        finally
        {
            thread.Release(() => mutex.Unlock("shared_file"));
        }
    }
    finally
    {
        mutex.Close();
    }
});
