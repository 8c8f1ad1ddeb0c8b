using System.Globalization;
using System.Text;

namespace DistributedMutex.Benchmarks.Reports;

/// <summary>A table of figures. A value is a text, a number, or null where there is nothing to say.</summary>
internal sealed class Table(string title, params IReadOnlyList<string> columns)
{
    private readonly List<object?[]> _rows = [];
    private readonly List<string> _notes = [];

    public string Title => title;

    public IReadOnlyList<string> Notes => _notes;

    public IEnumerable<Dictionary<string, object?>> Rows =>
        _rows.Select(row => columns.Zip(row).ToDictionary(cell => cell.First, cell => cell.Second));

    public void Add(params object?[] row) => _rows.Add(row);

    /// <summary>What went wrong in a row; it stands below the table.</summary>
    public void Note(string row, IEnumerable<string> problems) => _notes.AddRange(problems.Select(problem => $"{row}: {problem}"));

    public string ToMarkdown()
    {
        var cells = _rows.Select(row => row.Select(Format).ToArray()).Prepend([.. columns]).ToArray();
        var widths = columns.Select((_, column) => cells.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"### {title}").AppendLine();
        for (var row = 0; row < cells.Length; row++)
        {
            AppendLine([.. cells[row].Select((cell, column) => column == 0 || IsText(column) ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))]);
            if (row == 0)
            {
                AppendLine([.. widths.Select((width, column) => column == 0 || IsText(column) ? new string('-', width) : new string('-', width - 1) + ':')]);
            }
        }

        foreach (var note in _notes)
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"**Problem** {note}");
        }

        return text.ToString();

        void AppendLine(string[] row) => text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", row)} |");
    }

    private bool IsText(int column) => _rows.All(row => row[column] is string);

    // Three digits that count; nobody reads more.
    private static string Format(object? value) => value switch
    {
        null => "–",
        double number when double.IsNaN(number) || double.IsInfinity(number) => "–",
        double number => number.ToString(Math.Abs(number) switch { >= 100 => "#,0", >= 10 => "0.0", >= 1 => "0.00", _ => "0.000" }, CultureInfo.InvariantCulture),
        IFormattable number => number.ToString("#,0", CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
