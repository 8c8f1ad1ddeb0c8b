using System.Collections;
using System.Globalization;

namespace DistributedMutex.Notebooks;

/// <summary>
/// Renders a value as the notebooks' usual kernel does for types that bring their own formatters: by an attribute that is
/// recognized by its name (TypeFormatterSourceAttribute), so that a library needs no reference to the kernel.
/// </summary>
internal static class FormattedValue
{
    public static Output.Value Of(object value)
    {
        var attribute = value.GetType().GetCustomAttributes(inherit: true).FirstOrDefault(one => one.GetType().Name == "TypeFormatterSourceAttribute");
        if (attribute is null)
        {
            return new Output.Value(new Dictionary<string, string> { ["text/plain"] = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "" });
        }

        var source = Activator.CreateInstance((Type)Get(attribute, "FormatterSourceType")!)!;
        var preferred = (string[]?)Get(attribute, "PreferredMimeTypes");
        var data = new Dictionary<string, string>();
        foreach (var formatter in (IEnumerable)source.GetType().GetMethod("CreateTypeFormatters")!.Invoke(source, null)!)
        {
            var mimeType = (string)Get(formatter, "MimeType")!;
            var text = new StringWriter { NewLine = "\n" };
            if (preferred?.Contains(mimeType) != false
                && (bool)formatter.GetType().GetMethod("Format", [typeof(object), typeof(TextWriter)])!.Invoke(formatter, [value, text])!)
            {
                data[mimeType] = text.ToString();
            }
        }

        return new Output.Value(data);
    }

    private static object? Get(object from, string property) => from.GetType().GetProperty(property)?.GetValue(from);
}
