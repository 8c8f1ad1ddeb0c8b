using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Lessons;

/// <summary>What a script is told, whichever host runs it.</summary>
[Quick]
public sealed class ScriptArgumentsTests
{
    [Theory]
    [InlineData("/tmp/x/main.dll", "")]
    [InlineData("/tmp/x/main.dll --no-lock", "--no-lock")]
    [InlineData("/tools/dotnet-script.dll main.csx", "")]
    [InlineData("/tools/dotnet-script.dll --no-cache scripts/main.csx -- --no-lock --help", "--no-lock --help")]
    [InlineData("/tools/dotnet-script.dll main.csx --no-lock", "--no-lock")]
    [InlineData("/tmp/x/learn.dll solution 03.csx", "solution 03.csx")]
    public void The_hosts_own_arguments_are_left_out(string commandLine, string expected) =>
        Assert.Equal(expected, string.Join(' ', ScriptArguments.Of(commandLine.Split(' '))));
}
