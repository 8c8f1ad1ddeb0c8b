using System.Text;

namespace DistributedMutex.Workshop;

/// <summary>Looks at all that the kit needs or can use, and says what to do about what is not right.</summary>
public static class Doctor
{
    /// <summary>Prints one line for each check, with ✓ or ✗ and what to do, and what to do first. It never prints a password.</summary>
    /// <returns>The exit code: 0, or 1 if the kit cannot run; what is optional and missing does not count.</returns>
    public static async Task<int> RunAsync()
    {
        if (OperatingSystem.IsWindows() && !Console.IsOutputRedirected)
        {
            Console.OutputEncoding = Encoding.UTF8;
        }

        List<DoctorFinding> broken = [];
        await foreach (var finding in LookAsync().ConfigureAwait(false))
        {
            Console.WriteLine(finding);
            if (finding.State == DoctorState.Broken)
            {
                broken.Add(finding);
            }
        }

        if (broken.Count == 0)
        {
            Console.WriteLine("The kit can run. First: 'dotnet run scripts/01-race.csx', or notebooks/01-race.ipynb in your editor.");
            return 0;
        }

        Console.WriteLine($"The kit cannot run: see {string.Join(" and ", broken.Select(finding => finding.Subject))}.");
        Console.WriteLine($"First: {(broken[0].Advice.Length > 0 ? broken[0].Advice : broken[0].Text)}");
        return 1;
    }

    private static async IAsyncEnumerable<DoctorFinding> LookAsync()
    {
        var place = PlaceCheck.Here;
        yield return PlaceCheck.Check(place);
        yield return await SdkCheck.CheckAsync(Clone.Root).ConfigureAwait(false);
        var (envFile, settings) = EnvFileCheck.Check();
        yield return envFile;
        if (settings is not null)
        {
            yield return await PortCheck.CheckAsync(settings).ConfigureAwait(false);
            foreach (var finding in RedisCheck.Check())
            {
                yield return finding;
            }
        }

        if (place == Place.Machine)
        {
            yield return await DockerCheck.CheckAsync().ConfigureAwait(false);
        }

        yield return await DotnetScriptCheck.CheckAsync(Clone.Root).ConfigureAwait(false);
        yield return await KernelCheck.CheckAsync(KernelCheck.JupyterFolders()).ConfigureAwait(false);
    }
}
