#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// What the kit needs and can use, one line each, and what to do about what is not right.

return await Doctor.RunAsync();
