#!/usr/bin/env dotnet-script
#if !NET10_0_OR_GREATER
#load "setup.csx"
#endif

// The guide through the lessons: what is solved, what is next, a check whenever you save. Run it with -- --help for all that it does.

return await Guide.RunAsync();
