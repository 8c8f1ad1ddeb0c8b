using System.Globalization;
using DistributedMutex;
using DistributedMutex.TestProcess;
using DistributedMutex.TestProcess.Answers;
using DistributedMutex.Workshop;

CtrlC.EndsThisProcess();

// Each command does its part, says so in one line, and then lives until its standard input ends.
switch (args)
{
    case ["use-server"]:
        Console.WriteLine($"using {RedisServer.Use()}");
        Console.In.ReadToEnd();
        return 0;

    case ["doctor"]:
        return await Doctor.RunAsync();

    case ["hold", var resource, var leaseMilliseconds]:
        using (var mutex = new RedisMutex(new MutexOptions { Lease = TimeSpan.FromMilliseconds(int.Parse(leaseMilliseconds, CultureInfo.InvariantCulture)) }))
        using (var held = mutex.Acquire(resource, Timeout.InfiniteTimeSpan))
        {
            Console.WriteLine($"holding {held.Token}");
            Console.In.ReadToEnd();
            return 0;
        }

    case ["crowd", var resource]:
        return await Crowd.RunAsync(resource);

    case ["share", var how, var milliseconds, .. var resources]:
        return await Sharers.RunAsync(how, milliseconds, resources);

    case ["contend", .. var resources]:
        return await Contenders.RunAsync(resources);

    case ["answers", var exercise]:
        return await Answer.RunAsync(Answer.All[exercise]());

    case ["guide", var root, .. var arguments]:
        return await Guide.RunAsync(arguments, root, CancellationToken.None);

    default:
        Console.Error.WriteLine("use-server | doctor | hold <resource> <lease in ms> | crowd <resource> | share <read|write|permit> <work in ms> <resource> … | contend <resource> … | answers <exercise> | guide <folder of a kit> …");
        return 2;
}
