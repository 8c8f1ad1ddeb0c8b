using System.Text.RegularExpressions;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests;

/// <summary>An application that is trimmed, or compiled ahead of time, has the mutex of its container with the options of its configuration.</summary>
[Collection(OnRedis.Name)]
public sealed partial class TrimmedTests(RedisFixture server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("PublishTrimmed")]
    [InlineData("PublishAot")]
    public async Task An_application_is_published_without_a_warning_and_takes_locks(string how)
    {
        var settings = server.Settings;
        _folder.Write("application.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <{how}>true</{how}>
                <SelfContained>true</SelfContained>
                <InvariantGlobalization>true</InvariantGlobalization>
              </PropertyGroup>
              <ItemGroup>
                <Reference Include="{Path.Combine(AppContext.BaseDirectory, "DistributedMutex.dll")}" />
                <PackageReference Include="Microsoft.Extensions.Diagnostics.HealthChecks" Version="{VersionOf("Microsoft.Extensions.Diagnostics.HealthChecks")}" />
                <PackageReference Include="Microsoft.Extensions.Hosting" Version="{VersionOf("Microsoft.Extensions.Diagnostics.HealthChecks")}" />
                <PackageReference Include="StackExchange.Redis" Version="{VersionOf("StackExchange.Redis")}" />
              </ItemGroup>
            </Project>
            """);
        _folder.Write("Program.cs", """
            using DistributedMutex;
            using Microsoft.Extensions.DependencyInjection;
            using Microsoft.Extensions.Hosting;

            var builder = Host.CreateApplicationBuilder(args);
            builder.Services.AddDistributedMutex(builder.Configuration).AddHealthChecks().AddDistributedMutex();
            builder.Services.AddKeyedDistributedMutex("other", options => options.Wait = TimeSpan.Zero);
            using var host = builder.Build();
            await host.StartAsync();
            var mutex = host.Services.GetRequiredService<IDistributedMutex>();
            var other = host.Services.GetRequiredKeyedService<IDistributedMutex>("other");
            await using (var held = await mutex.TryAcquireAsync($"trimmed:{args[1]}"))
            {
                Console.WriteLine($"held {held?.IsHeld} for {held?.Remaining.TotalMinutes:0} min, another's {await other.AcquireAsync($"trimmed:{args[1]}")}");
            }

            await host.StopAsync();
            """);
        using (var publish = ChildProcess.Start(_folder.Path, "dotnet", ["publish", "--use-current-runtime", "--disable-build-servers", "-o", "out"]))
        {
            var exit = await publish.ExitAsync();
            var missing = Missing().Match(publish.Said);
            Assert.SkipWhen(missing.Success, missing.Value);
            Assert.True(exit == 0, publish.Said);
            Assert.DoesNotContain("warning IL", publish.Said, StringComparison.Ordinal);
        }

        var application = _folder.File(OperatingSystem.IsWindows() ? "out/application.exe" : "out/application");
        var resource = server.NewResource();
        using var run = ChildProcess.Start(_folder.Path, application, ["--DistributedMutex:Lease=00:10:00", resource], server.Environment);
        Assert.True(await run.ExitAsync() == 0, run.Said);
        Assert.Contains("held True for 10 min, another's False", run.Said, StringComparison.Ordinal);

        using var wrong = ChildProcess.Start(_folder.Path, application, ["--DistributedMutex:Wait=24:00:00", resource], server.Environment);
        Assert.NotEqual(0, await wrong.ExitAsync());
        Assert.Contains("DistributedMutex:Wait is '24:00:00', and no time", wrong.Said, StringComparison.Ordinal);
    }

    private static string VersionOf(string package) =>
        Regex.Match(File.ReadAllText(Path.Combine(Clone.Root, "Directory.Packages.props")), $"Include=\"{Regex.Escape(package)}\" Version=\"([^\"]+)\"").Groups[1].Value;

    // A package source without the runtime or the compiler, or a machine without a linker.
    [GeneratedRegex("error NU1[13]0[0-9]:.*|.*[Pp]latform linker.*not found.*")]
    private static partial Regex Missing();
}
