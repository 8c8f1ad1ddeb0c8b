namespace DistributedMutex.Workshop;

/// <summary>A text, and the fence of whoever saved it: a row of a table, or the object of a store.</summary>
public sealed class Document
{
    private long _fence;
    private string _text = "";

    /// <summary>The fence that came with the text; 0 at first.</summary>
    public long Fence
    {
        get
        {
            var fence = _fence;
            AfterRead?.Invoke();
            return fence;
        }
        set => _fence = value;
    }

    /// <summary>What was saved.</summary>
    public string Text
    {
        get => _text;
        set
        {
            BeforeWrite?.Invoke();
            _text = value;
        }
    }

    /// <summary>What a check does while a fence that was read is on its way to the reader.</summary>
    internal Action? AfterRead { get; set; }

    /// <summary>What a check does just before the text is set.</summary>
    internal Action? BeforeWrite { get; set; }
}
