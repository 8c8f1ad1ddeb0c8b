namespace DistributedMutex.Workshop.Pictures;

/// <summary>Notebooks know it by its name alone, and render the type with the formatters that it names: no reference to any notebook package.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class TypeFormatterSourceAttribute(Type formatterSourceType) : Attribute
{
    public Type FormatterSourceType { get; } = formatterSourceType;

    public string[] PreferredMimeTypes { get; set; } = [];
}
