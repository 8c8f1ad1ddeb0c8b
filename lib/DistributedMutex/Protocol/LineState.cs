namespace DistributedMutex.Protocol;

/// <summary>What a <see cref="Line"/> is at.</summary>
internal enum LineState
{
    /// <summary>Nothing is known of the lock.</summary>
    Idle,

    /// <summary>A question is under way.</summary>
    Asking,

    /// <summary>Somebody else holds it, or Redis has not answered.</summary>
    Waiting,

    /// <summary>A caller of this line holds it.</summary>
    Held,

    /// <summary>Nobody needs the line any more.</summary>
    Closed,
}
