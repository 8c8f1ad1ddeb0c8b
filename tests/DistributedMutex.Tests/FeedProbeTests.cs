using System.IO.Compression;
using System.Xml.Linq;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests;

/// <summary>The first restore in a copy of this repository's build files, with a package feed made for the test.</summary>
public sealed class FeedProbeTests : IDisposable
{
    private const string Wanted = "3.1.31";
    private const string Fallback = "1.2.6";
    private const string Containers = "4.15.0";
    private const string Kernel = "1.0.0-beta.25323.1";
    private const string WhatAnOlderBuildWrote =
        "<Project><PropertyGroup><StackExchangeRedisVersion Condition=\"'$(StackExchangeRedisVersion)' == ''\">1.2.6</StackExchangeRedisVersion></PropertyGroup></Project>";

    // A test of one group need not wait for the answers of the others.
    private static readonly (string, string?)[] RedisOnly = [("TestcontainersRedisVersion", "1.0.0"), ("DotNetInteractiveVersion", "1.0.0")];

    private readonly TemporaryFolder _folder = new();

    public FeedProbeTests()
    {
        foreach (var file in new[] { "build/FeedProbe.targets", "build/FeedProbe.proj", "build/FeedAnswers.props", "Directory.Build.props", "Directory.Build.targets", "Directory.Solution.targets", "Directory.Packages.props" })
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
        var said = await DotnetAsync(0, command, what, RedisOnly);

        Assert.Equal(Wanted, Answer("StackExchangeRedisVersion"));
        if (command == "build")
        {
            Assert.Contains($"Redis client: StackExchange.Redis {Wanted} (the package feed has it and all that it needs).", said, StringComparison.Ordinal);
            Assert.DoesNotContain("Redis client:", await DotnetAsync(0, command, what, RedisOnly), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_feed_that_lacks_a_dependency_gives_the_old_client_and_the_reason()
    {
        AddPackage("StackExchange.Redis", Fallback);
        AddPackage("StackExchange.Redis", Wanted, "RESPite");
        var said = await DotnetAsync(0, "build", "some.slnx", RedisOnly);

        Assert.Equal(Fallback, Answer("StackExchangeRedisVersion"));
        Assert.Contains($"Redis client: StackExchange.Redis {Fallback} ({Wanted} cannot be restored: NU1101: Unable to find package RESPite).", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_group_has_an_answer_of_its_own_and_a_group_that_is_lacking_is_not_asked_for_again()
    {
        AddPackage("StackExchange.Redis", Wanted);
        AddPackage("Testcontainers.Redis", Containers, "Testcontainers");
        AddPackage("Microsoft.DotNet.Interactive", Kernel);
        AddPackage("Microsoft.DotNet.Interactive.CSharp", Kernel);
        AddPackage("Microsoft.DotNet.Interactive.Documents", Kernel);
        var said = await DotnetAsync(0, "restore", "some.slnx");

        Assert.Equal(Wanted, Answer("StackExchangeRedisVersion"));
        Assert.Equal(("", Containers), (Answer("TestcontainersRedisVersion"), Answer("TestcontainersRedisVersionAskedFor")));
        Assert.Equal(Kernel, Answer("DotNetInteractiveVersion"));
        Assert.Contains($"Containers for tests: no Testcontainers.Redis ({Containers} cannot be restored: NU1101: Unable to find package Testcontainers).", said, StringComparison.Ordinal);
        Assert.Contains($"Notebook kernel for tests: Microsoft.DotNet.Interactive {Kernel} (the package feed has it and all that it needs).", said, StringComparison.Ordinal);
        Assert.DoesNotContain(" for tests:", await DotnetAsync(0, "restore", "some.slnx"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("restore", "some.slnx")]
    [InlineData("run", "script/main.csx")]
    public async Task An_answer_of_an_older_build_is_replaced_by_one_for_each_group(string command, string what)
    {
        _folder.Write("feed.props", WhatAnOlderBuildWrote);
        AddPackage("StackExchange.Redis", Wanted);
        await DotnetAsync(0, command, what, RedisOnly[1]);
        Assert.Equal(Wanted, Answer("StackExchangeRedisVersion"));
        Assert.Equal(Containers, Answer("TestcontainersRedisVersionAskedFor"));
    }

    [Fact]
    public async Task Only_what_was_not_asked_for_or_for_another_version_is_asked_for()
    {
        AddPackage("StackExchange.Redis", Fallback);
        AddPackage("Microsoft.DotNet.Interactive", Kernel);
        AddPackage("Microsoft.DotNet.Interactive.Documents", Kernel);
        var said = await DotnetAsync(0, "restore", "some.slnx");
        Assert.Contains($"no Microsoft.DotNet.Interactive ({Kernel} cannot be restored: NU1101: Unable to find package Microsoft.DotNet.Interactive.CSharp).", said, StringComparison.Ordinal);

        // The feed has changed; two of the three are not asked for again.
        AddPackage("StackExchange.Redis", Wanted);
        AddPackage("Microsoft.DotNet.Interactive.CSharp", Kernel);
        AddPackage("Testcontainers.Redis", Containers);
        _folder.Write("feed.props", File.ReadAllText(_folder.File("feed.props")).Replace(Containers, "4.0.0", StringComparison.Ordinal));
        said = await DotnetAsync(0, "restore", "some.slnx");
        Assert.Contains($"Containers for tests: Testcontainers.Redis {Containers} ", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Redis client:", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Notebook kernel", said, StringComparison.Ordinal);
        Assert.Equal((Fallback, Containers, ""), (Answer("StackExchangeRedisVersion"), Answer("TestcontainersRedisVersion"), Answer("DotNetInteractiveVersion")));
    }

    [Fact]
    public async Task A_feed_that_has_neither_is_an_error_and_is_asked_again_next_time()
    {
        var said = await DotnetAsync(1, "restore", "some.slnx", RedisOnly);
        Assert.Contains($"Neither StackExchange.Redis {Wanted} nor {Fallback} can be restored", said, StringComparison.Ordinal);
        Assert.Null(Answer("StackExchangeRedisVersion"));
    }

    [Fact]
    public async Task A_feed_that_does_not_answer_is_no_answer_even_if_the_old_client_is_in_the_cache()
    {
        AddPackage("StackExchange.Redis", Fallback);
        await DotnetAsync(0, "restore", "some.slnx", RedisOnly);
        File.Delete(_folder.File("feed.props"));
        _folder.Write("NuGet.config", "<configuration><packageSources><clear /><add key=\"feed\" value=\"http://127.0.0.1:1/index.json\" allowInsecureConnections=\"true\" /></packageSources></configuration>");
        var said = await DotnetAsync(1, "restore", "some.slnx", RedisOnly[1]);
        Assert.Contains("Containers for tests: no Testcontainers.Redis for now, the package feed did not answer", said, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("feed.props")));
    }

    [Fact]
    public async Task An_environment_variable_wins_and_its_group_is_neither_asked_for_nor_written_down()
    {
        AddPackage("StackExchange.Redis", "2.0.1");
        var said = await DotnetAsync(0, "restore", "some.slnx", ("StackExchangeRedisVersion", "2.0.1"), ("TestcontainersRedisVersion", "4.0.0"));
        Assert.DoesNotContain("Redis client:", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Containers for tests:", said, StringComparison.Ordinal);
        Assert.Contains("Notebook kernel for tests: no ", said, StringComparison.Ordinal);
        Assert.Null(Answer("StackExchangeRedisVersion"));
        Assert.Null(Answer("TestcontainersRedisVersion"));
    }

    /// <summary>What feed.props says, null if it does not.</summary>
    private string? Answer(string property) => File.Exists(_folder.File("feed.props"))
        ? XElement.Load(_folder.File("feed.props")).Elements("PropertyGroup").Elements(property).SingleOrDefault()?.Value
        : null;

    private async Task<string> DotnetAsync(int exitCode, string command, string what, params (string Name, string? Value)[] environment)
    {
        // No packages from this machine, and no properties from the build that runs the tests.
        using var dotnet = ChildProcess.Start(
            _folder.Path, "dotnet", [command, what], [("NUGET_PACKAGES", _folder.File("packages")), ("NUGET_ENHANCED_MAX_NETWORK_TRY_COUNT", "1"), ("StackExchangeRedisVersion", null), ("TestcontainersRedisVersion", null), ("DotNetInteractiveVersion", null), .. environment]);
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
