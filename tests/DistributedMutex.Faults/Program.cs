using DistributedMutex.Faults;
using DistributedMutex.Faults.Workers;

if (args is ["worker", var plan])
{
    return await Worker.RunAsync(plan);
}

try
{
    return await Campaign.RunAsync(CampaignOptions.Parse(args)) ? 0 : 1;
}
catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
