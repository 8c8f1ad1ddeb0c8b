using DistributedMutex.Notebooks;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Lessons;

/// <summary>The lessons as they lie in their folders: a new one is tested as soon as it is there.</summary>
internal static class LessonFiles
{
    public static string Folder { get; } = Path.Combine(Clone.Root, "notebooks");

    public static IEnumerable<string> Names =>
        Directory.GetFiles(Folder, "*.ipynb").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal);

    public static TheoryData<string> All => [.. Names];

    public static Notebook Read(string lesson) => Notebook.Read(PathOf(lesson));

    public static string PathOf(string lesson) => Path.Combine(Folder, lesson + ".ipynb");

    public static string ScriptOf(string lesson) => Path.Combine(Clone.Root, "scripts", lesson + ".csx");
}
