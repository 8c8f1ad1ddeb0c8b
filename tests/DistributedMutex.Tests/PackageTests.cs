using System.IO.Compression;
using System.Reflection.Metadata;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests;

/// <summary>What a stranger gets: the package is made from what was built, and used by an application that knows nothing of this repository.</summary>
[Collection(OnRedis.Name)]
public sealed partial class PackageTests(RedisFixture server) : IDisposable
{
    // No cache on the way can hold it.
    private readonly string _version = $"0.0.0-test.{Guid.NewGuid():N}";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_package_is_complete_and_an_application_with_a_host_takes_a_lock_with_it()
    {
        var settings = server.Settings;
        await RunAsync(Clone.Root, "pack", Path.Combine(Clone.Root, "lib", "DistributedMutex"), "--no-build", "-c", Configuration, "-o", _folder.File("source"), $"-p:PackageVersion={_version}");
        CheckPackage();
        CheckSymbols();

        _folder.Write("nuget.config", """<configuration><packageSources><add key="local" value="source" /></packageSources></configuration>""");
        _folder.Write("application.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <RollForward>Major</RollForward>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <!-- What is there is used from there; what is not, the new package first of all, stays in this folder. -->
                <RestorePackagesPath>packages</RestorePackagesPath>
                <RestoreFallbackFolders>{GlobalPackages}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="DistributedMutex" Version="{_version}" />
                <PackageReference Include="Microsoft.Extensions.Hosting" Version="{ExtensionsVersion}" />
              </ItemGroup>
            </Project>
            """);
        _folder.Write("Program.cs", """
            using DistributedMutex;
            using Microsoft.Extensions.DependencyInjection;
            using Microsoft.Extensions.Hosting;

            var builder = Host.CreateApplicationBuilder(args);
            builder.Services.AddDistributedMutex(builder.Configuration);
            builder.Services.AddHostedService<Worker>();
            await builder.Build().RunAsync();

            sealed class Worker(IDistributedMutex mutex, IHostApplicationLifetime application) : BackgroundService
            {
                protected override async Task ExecuteAsync(CancellationToken stop)
                {
                    await mutex.TryAcquireAsync("package:ignored", cancellationToken: stop);
                    var acquired = await mutex.AcquireAsync($"package:{1}", stop);
                    Console.WriteLine($"acquired {acquired} released {await mutex.ReleaseAsync($"package:{1}", stop)}");
                    application.StopApplication();
                }
            }
            """);
        var built = await RunAsync(_folder.Path, "build", "--disable-build-servers", "-o", "out");
        Assert.Matches(@"Program\.cs\(14,\d+\): warning DMX001: Nobody looks at the result of 'TryAcquireAsync'", built);

        var application = _folder.File("out/application.dll");
        using var run = ChildProcess.Start(
            _folder.Path, "dotnet", [application, "--DistributedMutex:Lease=00:00:20"], ("REDIS_HOST", settings.Host), ("REDIS_PORT", $"{settings.Port}"));
        Assert.True(await run.ExitAsync() == 0, run.Said);
        Assert.Contains("acquired True released True", run.Said, StringComparison.Ordinal);

        using var wrong = ChildProcess.Start(_folder.Path, "dotnet", [application, "--DistributedMutex:Lease=00:00:00"]);
        Assert.NotEqual(0, await wrong.ExitAsync());
        Assert.Contains("OptionsValidationException: MutexOptions.Lease: ", wrong.Said, StringComparison.Ordinal);
    }

    private static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    internal static string GlobalPackages => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static string ExtensionsVersion =>
        ExtensionsPackage().Match(File.ReadAllText(Path.Combine(Clone.Root, "Directory.Packages.props"))).Groups[1].Value;

    private static async Task<string> RunAsync(string folder, params string[] arguments)
    {
        using var run = ChildProcess.Start(folder, "dotnet", arguments);
        Assert.True(await run.ExitAsync() == 0, run.Said);
        return run.Said;
    }

    private void CheckPackage()
    {
        using var package = ZipFile.OpenRead(_folder.File($"source/DistributedMutex.{_version}.nupkg"));
        var files = package.Entries.Select(entry => entry.FullName).Where(name => !name.StartsWith('_') && !name.StartsWith('[') && !name.StartsWith("package/", StringComparison.Ordinal));
        Assert.Equal(["DistributedMutex.nuspec", "README.md", "analyzers/dotnet/cs/DistributedMutex.Analyzers.dll", "lib/net10.0/DistributedMutex.dll", "lib/net10.0/DistributedMutex.xml"], files.Order(StringComparer.Ordinal));

        using var nuspec = package.GetEntry("DistributedMutex.nuspec")!.Open();
        var metadata = XDocument.Load(nuspec).Root!.Elements().Single();
        Assert.Equal("MIT", Value("license"));
        Assert.Equal("README.md", Value("readme"));
        Assert.NotEmpty(Value("description"));
        Assert.Equal("git", metadata.Elements().SingleOrDefault(element => element.Name.LocalName == "repository")?.Attribute("type")?.Value ?? "git");
        Assert.DoesNotContain(Clone.Root, metadata.ToString(), StringComparison.Ordinal);
        Assert.Equal(
            [
                "Microsoft.Extensions.Configuration.Abstractions",
                "Microsoft.Extensions.DependencyInjection.Abstractions",
                "Microsoft.Extensions.Diagnostics.HealthChecks",
                "Microsoft.Extensions.Logging.Abstractions",
                "Microsoft.Extensions.Options",
                "StackExchange.Redis",
            ],
            metadata.Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value).Order(StringComparer.Ordinal));

        string Value(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;
    }

    private void CheckSymbols()
    {
        using var symbols = ZipFile.OpenRead(_folder.File($"source/DistributedMutex.{_version}.snupkg"));
        using var pdb = new MemoryStream();
        using (var entry = symbols.GetEntry("lib/net10.0/DistributedMutex.pdb")!.Open())
        {
            entry.CopyTo(pdb);
        }

        pdb.Position = 0;
        using var reader = MetadataReaderProvider.FromPortablePdbStream(pdb);
        var embeddedSource = new Guid("0E8A571B-6926-466E-B4AD-8AB04611F5FE");
        var metadata = reader.GetMetadataReader();
        var withSource = metadata.CustomDebugInformation.Select(metadata.GetCustomDebugInformation)
            .Where(information => metadata.GetGuid(information.Kind) == embeddedSource)
            .Select(information => metadata.GetString(metadata.GetDocument((DocumentHandle)information.Parent).Name));
        Assert.Contains(withSource, name => Path.GetFileName(name) == "RedisMutex.cs");
    }

    [GeneratedRegex("Include=\"Microsoft.Extensions.DependencyInjection\" Version=\"([^\"]+)\"")]
    private static partial Regex ExtensionsPackage();
}
