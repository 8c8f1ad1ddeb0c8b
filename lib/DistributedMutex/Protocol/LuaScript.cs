using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <summary>
/// One of the .lua files beside this one, with those that it includes: sent by its hash, and whole when the server does not
/// know it (any more). The client would do the same for a script given as a string, and look the whole text up in each call.
/// </summary>
internal sealed partial class LuaScript
{
    private readonly string _text;
    private readonly byte[] _hash;

    public LuaScript(string file)
    {
        _text = Include().Replace(Read(file), include => Read(include.Groups["file"].Value));
#pragma warning disable CA5350 // EVALSHA names a script by its SHA-1; nothing is protected by it.
        _hash = SHA1.HashData(Encoding.UTF8.GetBytes(_text));
#pragma warning restore CA5350
    }

    public async Task<RedisResult> EvaluateAsync(IDatabase database, RedisKey[] keys, RedisValue[] values)
    {
        try
        {
            return await database.ScriptEvaluateAsync(_hash, keys, values).ConfigureAwait(false);
        }
        catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            return await database.ScriptEvaluateAsync(_text, keys, values, CommandFlags.NoScriptCache).ConfigureAwait(false);
        }
    }

    [GeneratedRegex(@"^-- include (?<file>\S+)\r?$", RegexOptions.Multiline)]
    private static partial Regex Include();

    private static string Read(string file)
    {
        using var reader = new StreamReader(typeof(LuaScript).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"{file} is not embedded in the assembly."));
        return reader.ReadToEnd();
    }
}
