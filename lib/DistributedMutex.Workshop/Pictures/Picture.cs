using DistributedMutex.Workshop.Pictures;

namespace DistributedMutex.Workshop;

/// <summary>Something to look at: SVG as the last expression of a notebook's cell, bars of Unicode characters in a terminal.</summary>
public abstract class Picture
{
    private protected Picture()
    {
    }

    /// <summary>The picture as an SVG document, with a title and a description for those who cannot see it.</summary>
    public abstract string ToSvg();

    /// <summary>The picture in characters, without a line break at its end.</summary>
    public abstract override string ToString();
}
