namespace DistributedMutex.Protocol;

/// <summary>How one kind of lock is spoken of to Redis: the .lua files say what each does.</summary>
internal sealed record LockScripts(LuaScript Acquire, LuaScript Release, LuaScript Renew, LuaScript Watch)
{
    /// <summary>One holder, whose key any client can set and read.</summary>
    public static readonly LockScripts Mutex = Of("");

    /// <summary>Holders that may be several, each with a lease of its own: readers, or those who have one of N permits.</summary>
    public static readonly LockScripts Shared = Of("shared_");

    private static LockScripts Of(string prefix) => new(
        new LuaScript(prefix + "acquire.lua"), new LuaScript(prefix + "release.lua"), new LuaScript(prefix + "renew.lua"), new LuaScript(prefix + "watch.lua"));
}
