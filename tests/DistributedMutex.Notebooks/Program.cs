using System.Diagnostics;
using DistributedMutex.Notebooks;

const string Usage = "run <notebook> [--jupyter] | write <notebook>...";

// A notebook prints Unicode wherever it runs.
Console.OutputEncoding = new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

// What a run solves, no learner has solved.
Environment.SetEnvironmentVariable("WORKSHOP_PROGRESS", "off");
switch (args)
{
    case ["run", var path]:
        return Report(await RunAsync(Notebook.Read(path)));

    case ["run", var path, "--jupyter"]:
        var inJupyter = new NotebookRun(Notebook.Read(path));
        await inJupyter.RunInJupyterAsync();
        return Report(inJupyter);

    case ["write", var path]:
        var notebook = Notebook.Read(path);
        var written = await RunAsync(notebook);
        if (Report(written) != 0)
        {
            return 1;
        }

        notebook.Fill(written.Outputs);
        notebook.Write();
        Console.WriteLine($"{notebook.Name}: written");
        return 0;

    case ["write", .. { Length: > 1 } paths]:
        // Each in a process of its own, as a learner's kernel is.
        foreach (var one in paths)
        {
            using var child = Process.Start(Environment.ProcessPath!, [Environment.GetCommandLineArgs()[0], "write", one]);
            await child.WaitForExitAsync();
            if (child.ExitCode != 0)
            {
                return child.ExitCode;
            }
        }

        return 0;

    default:
        Console.Error.WriteLine(Usage);
        return 2;
}

static async Task<NotebookRun> RunAsync(Notebook notebook)
{
    Directory.SetCurrentDirectory(notebook.Folder);
    using var kernel = new InteractiveKernel();
    var run = new NotebookRun(notebook);
    await run.RunAsync(kernel);
    await run.RunSolutionAsync(kernel);
    return run;
}

static int Report(NotebookRun run)
{
    foreach (var fault in run.Faults)
    {
        Console.WriteLine($"✗ {fault}");
    }

    return run.Faults.Count == 0 ? 0 : 1;
}
