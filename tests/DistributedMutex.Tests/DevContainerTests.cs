using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DistributedMutex.Tests.Processes;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests;

/// <summary>.devcontainer and .vscode: what a wrong key or path would break only when somebody opens the folder.</summary>
[Collection(Alone.Name)]
public sealed partial class DevContainerTests : IDisposable
{
    // The rules are those of the dev container specification's schema, for a container that Compose starts.
    private static readonly string[] Keys =
    [
        "name", "dockerComposeFile", "service", "runServices", "workspaceFolder", "shutdownAction", "overrideCommand", "features", "forwardPorts",
        "portsAttributes", "otherPortsAttributes", "updateRemoteUserUID", "containerEnv", "containerUser", "mounts", "init", "privileged", "capAdd",
        "securityOpt", "remoteEnv", "remoteUser", "initializeCommand", "onCreateCommand", "updateContentCommand", "postCreateCommand",
        "postStartCommand", "postAttachCommand", "waitFor", "userEnvProbe", "hostRequirements", "customizations",
    ];

    private readonly TemporaryFolder _folder = new();
    private readonly JsonObject _container = Read(".devcontainer/devcontainer.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_dev_container_keeps_the_rules_of_the_schema()
    {
        Assert.Empty(_container.Select(property => property.Key).Except(Keys));
        Assert.Contains(Text(_container["waitFor"]), new[] { "initializeCommand", "onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand" });
        Assert.NotNull(_container[Text(_container["waitFor"])]);

        var needs = _container["hostRequirements"]!.AsObject();
        Assert.Empty(needs.Select(property => property.Key).Except(["cpus", "memory", "storage", "gpu"]));
        Assert.InRange(needs["cpus"]!.GetValue<int>(), 1, 4);
        Assert.Matches(Size(), Text(needs["memory"]));
        Assert.Matches(Size(), Text(needs["storage"]));

        var forwarded = _container["forwardPorts"]!.AsArray().Select(Text).ToList();
        Assert.All(forwarded, port => Assert.Matches(@"^([a-z0-9-]+):(\d{1,5})$", port));
        Assert.Equal(forwarded, _container["portsAttributes"]!.AsObject().Select(port => port.Key));
        foreach (var attributes in _container["portsAttributes"]!.AsObject().Select(port => port.Value).Append(_container["otherPortsAttributes"]))
        {
            Assert.Empty(attributes!.AsObject().Select(property => property.Key).Except(["onAutoForward", "elevateIfNeeded", "label", "requireLocalPort", "protocol"]));
            Assert.Contains(Text(attributes["onAutoForward"]), new[] { "notify", "openBrowser", "openPreview", "silent", "ignore" });
        }
    }

    [Fact]
    public void Its_paths_and_services_are_there()
    {
        var compose = File.ReadAllText(InClone(Path.Combine(".devcontainer", Text(_container["dockerComposeFile"]))));
        Assert.Contains($"\n  {Text(_container["service"])}:\n", compose, StringComparison.Ordinal);
        Assert.Contains($"      - ..:{Text(_container["workspaceFolder"])}:cached\n", compose, StringComparison.Ordinal);
        Assert.All(_container["forwardPorts"]!.AsArray().Select(Text), port => Assert.Contains($"\n  {port.Split(':')[0]}:\n", compose, StringComparison.Ordinal));
        Assert.Contains("env_file: ../.env\n", compose, StringComparison.Ordinal);
        Assert.True(File.Exists(InClone(".env")));
        Assert.True(File.Exists(InClone(".devcontainer/Dockerfile")));

        var command = Text(_container["updateContentCommand"]).Split(' ');
        Assert.Equal("bash", command[0]);
        Assert.True(File.Exists(InClone(command[1])));
    }

    [Theory]
    [InlineData("docker compose")]
    [InlineData("docker-compose")]
    public async Task Its_Compose_file_is_valid(string compose)
    {
        Assert.SkipUnless(await DockerCommand.HasComposeAsync(compose), $"no {compose} on this machine");
        var config = (await DockerCommand.RunAsync(InClone(".devcontainer"), $"{compose} -f docker-compose.yml config"))!;
        Assert.True(config.ExitCode == 0, config.Said);
        Assert.Contains("REDIS_HOST: redis", config.Printed, StringComparison.Ordinal);
        Assert.Contains("condition: service_healthy", config.Printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_that_fails_says_so_and_the_container_opens_all_the_same()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "it is run by bash");
        _folder.Write(".devcontainer/prepare.sh", File.ReadAllText(InClone(".devcontainer/prepare.sh")));
        _folder.Write("bin/dotnet", "#!/bin/sh\necho \"did $*\"\ntest \"$1\" != tool\n");
        using (var executable = ChildProcess.Start(_folder.Path, "chmod", ["+x", "bin/dotnet"]))
        {
            Assert.Equal(0, await executable.ExitAsync());
        }

        using var prepare = ChildProcess.Start(
            "/", "bash", [_folder.File(".devcontainer/prepare.sh")], ("PATH", $"{_folder.File("bin")}:/usr/bin:/bin"));
        Assert.Equal(0, await prepare.ExitAsync());
        Assert.DoesNotContain("'dotnet build' failed", prepare.Said, StringComparison.Ordinal);
        Assert.Contains("✗ 'dotnet tool restore' failed: scripts run with 'dotnet run' only.\n", prepare.Said, StringComparison.Ordinal);
        Assert.Contains("failed: the notebooks have no kernel; every lesson is a script too.\n", prepare.Said, StringComparison.Ordinal);
        Assert.Contains("did run scripts/doctor.csx\n", prepare.Said, StringComparison.Ordinal);
    }

    [Fact]
    public void The_editor_gets_the_same_extensions_in_the_container_and_outside_and_never_the_Dev_Kit()
    {
        var outside = Read(".vscode/extensions.json");
        var recommended = outside["recommendations"]!.AsArray().Select(Text).ToList();
        var unwanted = outside["unwantedRecommendations"]!.AsArray().Select(Text).ToList();
        var inside = _container["customizations"]!["vscode"]!["extensions"]!.AsArray().Select(Text).ToList();
        Assert.Equal([.. recommended, .. unwanted.Select(extension => $"-{extension}")], inside);
        Assert.Equal(["ms-dotnettools.csdevkit"], unwanted);
        Assert.All(recommended, extension => Assert.Matches(@"^[A-Za-z0-9-]+\.[A-Za-z0-9-]+$", extension));
        Assert.True(Read(".vscode/settings.json")["dotnet.server.useOmnisharp"]!.GetValue<bool>());
    }

    [Fact]
    public void Tasks_and_launch_configurations_name_what_is_there()
    {
        var tasks = Read(".vscode/tasks.json")["tasks"]!.AsArray().ToDictionary(task => Text(task!["label"]), task => task!["args"]!.AsArray().Select(Text).ToList());
        Assert.Empty(new[] { "run demo", "run tests", "start Redis" }.Except(tasks.Keys));
        Assert.All(
            tasks.Values.SelectMany(arguments => arguments).Where(argument => argument.EndsWith(".csx", StringComparison.Ordinal) || argument.EndsWith(".yml", StringComparison.Ordinal)),
            path => Assert.True(File.Exists(InClone(path)), path));

        var launches = Read(".vscode/launch.json")["configurations"]!.AsArray();
        Assert.NotEmpty(launches);
        foreach (var launch in launches)
        {
            // The program is what the task before it builds: "build <script> -o <folder>".
            var build = tasks[Text(launch!["preLaunchTask"])];
            var script = Path.GetFileNameWithoutExtension(build[1].Replace("${file}", "${fileBasenameNoExtension}.csx", StringComparison.Ordinal));
            Assert.Equal(("build", "-o"), (build[0], build[2]));
            Assert.Equal($"${{workspaceFolder}}/{build[3]}/{script}.dll", Text(launch["program"]));
        }
    }

    private static string InClone(string path) => Path.Combine(Clone.Root, path);

    // A learner's editor takes comments, and so do these files.
    private static JsonObject Read(string path) =>
        JsonNode.Parse(File.ReadAllText(InClone(path)), documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip })!.AsObject();

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    [GeneratedRegex(@"^\d+([tgmk]b)?$")]
    private static partial Regex Size();
}
