using System.Text;

namespace DistributedMutex.Notebooks;

/// <summary>What is printed while this object lives, in order, from whatever thread.</summary>
internal sealed class PrintedText : IDisposable
{
    private readonly TextWriter _out = Console.Out;
    private readonly TextWriter _error = Console.Error;
    private readonly List<(string Name, StringBuilder Text)> _pieces = [];

    public PrintedText()
    {
        Console.SetOut(new Writer(this, "stdout"));
        Console.SetError(new Writer(this, "stderr"));
    }

    public IReadOnlyList<Output> Take()
    {
        lock (_pieces)
        {
            return [.. _pieces.Select(piece => new Output.Stream(piece.Name, piece.Text.ToString()))];
        }
    }

    public void Dispose()
    {
        Console.SetOut(_out);
        Console.SetError(_error);
    }

    private void Add(string name, ReadOnlySpan<char> text)
    {
        lock (_pieces)
        {
            if (_pieces.Count == 0 || _pieces[^1].Name != name)
            {
                _pieces.Add((name, new StringBuilder()));
            }

            _pieces[^1].Text.Append(text);
        }
    }

    private sealed class Writer : TextWriter
    {
        private readonly PrintedText _owner;
        private readonly string _name;

        public Writer(PrintedText owner, string name)
        {
            (_owner, _name) = (owner, name);
            CoreNewLine = ['\n'];
        }

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => _owner.Add(_name, [value]);

        public override void Write(string? value) => _owner.Add(_name, value);

        public override void Write(char[] buffer, int index, int count) => _owner.Add(_name, buffer.AsSpan(index, count));

        // In one piece: lines of several threads must not be mixed.
        public override void WriteLine(string? value) => _owner.Add(_name, value + "\n");
    }
}
