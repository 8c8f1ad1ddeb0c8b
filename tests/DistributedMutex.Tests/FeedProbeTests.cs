using System.IO.Compression;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests;

/// <summary>The first restore in a copy of this repository's build files, with a package feed made for the test.</summary>
[Collection(Alone.Name)]
public sealed class FeedProbeTests : IDisposable
{
    private const string Wanted = "3.1.31";
    private const string Fallback = "1.2.6";

    private readonly TemporaryFolder _folder = new();

    public FeedProbeTests()
    {
        foreach (var file in new[] { "build/FeedProbe.targets", "build/FeedProbe.proj", "Directory.Build.props", "Directory.Build.targets", "Directory.Solution.targets", "Directory.Packages.props" })
        {
            _folder.Write(file, File.ReadAllText(Path.Combine(Clone.Root, file)));
        }

        _folder.Write("NuGet.config", "<configuration><packageSources><clear /><add key=\"feed\" value=\"feed\" /></packageSources></configuration>");
        _folder.Write("feed/nothing", "");
        _folder.Write("some/some.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><OutputType>Exe</OutputType></PropertyGroup>
              <ItemGroup><PackageReference Include="StackExchange.Redis" /></ItemGroup>
            </Project>
            """);
        _folder.Write("some/Program.cs", "System.Console.WriteLine();");
        _folder.Write("some.slnx", "<Solution><Project Path=\"some/some.csproj\" /></Solution>");
        _folder.Write("script/Directory.Build.props", """
            <Project>
              <Import Project="../Directory.Build.props" />
              <PropertyGroup><PublishAot>false</PublishAot></PropertyGroup>
              <ItemGroup><PackageReference Include="StackExchange.Redis" /></ItemGroup>
            </Project>
            """);
        _folder.Write("script/main.csx", "#!/usr/bin/env dotnet-script\nreturn 0;\n");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("build", "some/some.csproj")]
    [InlineData("build", "some.slnx")]
    [InlineData("run", "script/main.csx")]
    public async Task A_complete_feed_gives_the_new_client(string command, string what)
    {
        AddPackage("StackExchange.Redis", Fallback);
        AddPackage("StackExchange.Redis", Wanted, "RESPite");
        AddPackage("RESPite", "1.0.0");
        var said = await DotnetAsync(0, command, what);

        Assert.Contains($"<StackExchangeRedisVersion Condition=\"'$(StackExchangeRedisVersion)' == ''\">{Wanted}</", File.ReadAllText(_folder.File("feed.props")), StringComparison.Ordinal);
        if (command == "build")
        {
            Assert.Contains($"Redis client: StackExchange.Redis {Wanted} (the package feed has it and all that it needs).", said, StringComparison.Ordinal);
            Assert.DoesNotContain("Redis client:", await DotnetAsync(0, command, what), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("build", "some/some.csproj")]
    [InlineData("build", "some.slnx")]
    [InlineData("run", "script/main.csx")]
    public async Task A_feed_that_lacks_a_dependency_gives_the_old_client_and_the_reason(string command, string what)
    {
        AddPackage("StackExchange.Redis", Fallback);
        AddPackage("StackExchange.Redis", Wanted, "RESPite");
        var said = await DotnetAsync(0, command, what);

        Assert.Contains($">{Fallback}</", File.ReadAllText(_folder.File("feed.props")), StringComparison.Ordinal);
        if (command == "build")
        {
            Assert.Contains($"Redis client: StackExchange.Redis {Fallback} ({Wanted} cannot be restored: NU1101: Unable to find package RESPite).", said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_feed_that_has_neither_is_an_error_and_is_asked_again_next_time()
    {
        var said = await DotnetAsync(1, "build", "some.slnx");
        Assert.Contains($"Neither StackExchange.Redis {Wanted} nor {Fallback} can be restored", said, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("feed.props")));
    }

    [Fact]
    public async Task A_feed_that_does_not_answer_is_no_answer_even_if_the_old_client_is_in_the_cache()
    {
        AddPackage("StackExchange.Redis", Fallback);
        await DotnetAsync(0, "build", "some.slnx");
        File.Delete(_folder.File("feed.props"));
        _folder.Write("NuGet.config", "<configuration><packageSources><clear /><add key=\"feed\" value=\"http://127.0.0.1:1/index.json\" allowInsecureConnections=\"true\" /></packageSources></configuration>");
        await DotnetAsync(1, "build", "some.slnx");
        Assert.False(File.Exists(_folder.File("feed.props")));
    }

    [Fact]
    public async Task An_environment_variable_wins_and_nothing_is_asked()
    {
        AddPackage("StackExchange.Redis", "2.0.1");
        var said = await DotnetAsync(0, "build", "some.slnx", ("StackExchangeRedisVersion", "2.0.1"));
        Assert.DoesNotContain("Redis client:", said, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("feed.props")));
    }

    private async Task<string> DotnetAsync(int exitCode, string command, string what, params (string Name, string? Value)[] environment)
    {
        // No packages from this machine, and no properties from the build that runs the tests.
        using var dotnet = ChildProcess.Start(
            _folder.Path, "dotnet", [command, what], [("NUGET_PACKAGES", _folder.File("packages")), ("StackExchangeRedisVersion", null), .. environment]);
        Assert.True(await dotnet.ExitAsync() == exitCode, dotnet.Said);
        return dotnet.Said;
    }

    private void AddPackage(string id, string version, string? dependency = null)
    {
        using var package = ZipFile.Open(_folder.File($"feed/{id}.{version}.nupkg"), ZipArchiveMode.Create);
        using var nuspec = new StreamWriter(package.CreateEntry($"{id}.nuspec").Open());
        var dependencies = dependency is null ? "" : $"<dependencies><group targetFramework=\"net10.0\"><dependency id=\"{dependency}\" version=\"1.0.0\" /></group></dependencies>";
        nuspec.Write($"<package><metadata><id>{id}</id><version>{version}</version><authors>x</authors><description>x</description>{dependencies}</metadata></package>");
    }
}
