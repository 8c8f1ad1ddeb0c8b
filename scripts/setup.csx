// For dotnet-script only: what "dotnet run" takes from Directory.Build.props. "dotnet build" makes references.csx.
#load "../lib/DistributedMutex.Workshop/bin/references.csx"

global using System.Threading;
global using DistributedMutex;
global using DistributedMutex.Workshop;
