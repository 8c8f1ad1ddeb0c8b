using System.IO.Compression;
using System.Text.Json;
using System.Xml.Linq;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests;

/// <summary>The build on a machine that is not like ours: a newer .NET, package sources that have other versions.</summary>
[Collection(Alone.Name)]
public sealed class BuildTests : IDisposable
{
    // No runtime of this version exists, so nothing but a later major version can take its place.
    private const string NoSuchRuntime = "9.99.0";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("DistributedMutex.TestProcess", "use-server | doctor")]
    [InlineData("DistributedMutex.Workshop", "started by the scripts and lessons")]
    [InlineData("DistributedMutex.Notebooks", "<notebook>")]
    public async Task A_program_runs_where_the_only_runtime_is_of_a_later_major_version(string program, string usage)
    {
        var older = Older(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, $"{program}.runtimeconfig.json")));
        _folder.Write("older.runtimeconfig.json", older);
        using var run = ChildProcess.Start(
            _folder.Path, "dotnet", ["exec", "--runtimeconfig", _folder.File("older.runtimeconfig.json"), Path.Combine(AppContext.BaseDirectory, $"{program}.dll")]);
        Assert.True(await run.ExitAsync() == 2, run.Said);
        Assert.Contains(usage, run.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task And_so_does_a_script()
    {
        using var build = ChildProcess.Start(_folder.Path, "dotnet", ["build", Path.Combine(Clone.Root, "scripts", "main.csx"), "-o", _folder.File("out")]);
        Assert.True(await build.ExitAsync() == 0, build.Said);
        _folder.Write("out/main.runtimeconfig.json", Older(File.ReadAllText(_folder.File("out/main.runtimeconfig.json"))));
        using var run = ChildProcess.Start(_folder.Path, "dotnet", [_folder.File("out/main.dll"), "--no-lock"]);
        Assert.True(await run.ExitAsync() == 1, run.Said);
        Assert.Contains("✗ Lost: ", run.Said, StringComparison.Ordinal);
    }

    /// <summary>"dotnet tool restore" fails as a whole where NuGet lacks one of them, and dotnet-script is the one that it may lack.</summary>
    [Fact]
    public void The_tool_manifest_names_dotnet_script_and_nothing_that_would_be_lost_with_it()
    {
        using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(Clone.Root, ".config", "dotnet-tools.json")));
        Assert.Equal(["dotnet-script"], manifest.RootElement.GetProperty("tools").EnumerateObject().Select(tool => tool.Name));
    }

    [Fact]
    public void Dependabot_leaves_the_kernels_packages_alone_which_only_go_together()
    {
        var pins = XDocument.Load(Path.Combine(Clone.Root, "Directory.Packages.props")).Descendants("ItemGroup")
            .Single(group => group.Attribute("Label")?.Value == "Notebooks").Elements("PackageVersion").Select(pin => pin.Attribute("Include")!.Value);
        var rules = File.ReadAllLines(Path.Combine(Clone.Root, ".github", "dependabot.yml")).Select(line => line.Trim());
        Assert.Empty(pins.Select(pin => $"- dependency-name: {pin}").Except(rules));
    }

    [Fact]
    public async Task What_NuGet_warns_of_breaks_no_build_and_what_the_compiler_warns_of_does()
    {
        WritePackage("Inner", "1.0.0");
        WritePackage("Inner", "2.0.0");
        WritePackage("Wants.Missing", "1.0.0", """<dependency id="Inner" version="1.5.0" />""");
        WritePackage("Wants.Exactly", "1.0.0", """<dependency id="Inner" version="[1.0.0]" />""");
        _folder.Write("nuget.config", """
            <configuration>
              <packageSources><clear /><add key="local" value="source" /></packageSources>
              <auditSources><clear /><add key="away" value="https://127.0.0.1:1/index.json" /></auditSources>
            </configuration>
            """);
        _folder.Write("application.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <Import Project="{Path.Combine(Clone.Root, "Directory.Build.props")}" />
              <PropertyGroup>
                <RestorePackagesPath>packages</RestorePackagesPath>
                <RestoreFallbackFolders>{PackageTests.GlobalPackages}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Wants.Missing" Version="1.0.0" />
                <PackageReference Include="Wants.Exactly" Version="1.0.0" />
              </ItemGroup>
            </Project>
            """);
        _folder.Write("Application.cs", "namespace Application;");
        Assert.Equal(0, await BuildAsync("warning NU1603: ", "warning NU1608: ", "warning NU1900: "));

        _folder.Write("Application.cs", "namespace Application; internal static class Careless { private static void Method() { int unused; } }");
        Assert.Equal(1, await BuildAsync("warning NU1603: ", "error CS0168: "));
    }

    private static string Older(string runtimeConfiguration)
    {
        Assert.Contains("\"version\": \"10.0.0\"", runtimeConfiguration, StringComparison.Ordinal);
        return runtimeConfiguration.Replace("10.0.0", NoSuchRuntime, StringComparison.Ordinal);
    }

    private async Task<int> BuildAsync(params string[] expected)
    {
        using var build = ChildProcess.Start(
            _folder.Path, "dotnet", ["build", "--disable-build-servers"], ("NUGET_ENHANCED_MAX_NETWORK_TRY_COUNT", "1"));
        var exitCode = await build.ExitAsync();
        Assert.All(expected, text => Assert.Contains(text, build.Said, StringComparison.Ordinal));
        return exitCode;
    }

    private void WritePackage(string id, string version, string dependencies = "")
    {
        Directory.CreateDirectory(_folder.File("source"));
        using var package = ZipFile.Open(_folder.File($"source/{id}.{version}.nupkg"), ZipArchiveMode.Create);
        using var writer = new StreamWriter(package.CreateEntry($"{id}.nuspec").Open());
        writer.Write($"""
            <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
              <metadata>
                <id>{id}</id><version>{version}</version><authors>nobody</authors><description>For a test.</description>
                <dependencies><group targetFramework="net10.0">{dependencies}</group></dependencies>
              </metadata>
            </package>
            """);
    }
}
