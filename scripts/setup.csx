// For dotnet-script and notebooks: what "dotnet run" takes from Directory.Build.props. The file below is made by the build; its name says what to do if it is missing.
#load "../lib/DistributedMutex.Workshop/bin/run-dotnet-build-first.csx"

global using System.Threading;
global using DistributedMutex;
global using DistributedMutex.Workshop;
