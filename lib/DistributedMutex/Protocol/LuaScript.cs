using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace DistributedMutex.Protocol;

/// <summary>One or more of the .lua files beside this one: sent by its hash, and whole when the server does not know it (any more).</summary>
internal sealed class LuaScript
{
    private readonly string _text;
    private readonly byte[] _hash;

    public LuaScript(params string[] files)
    {
        _text = string.Concat(files.Select(Read));
#pragma warning disable CA5350 // EVALSHA names a script by its SHA-1; nothing is protected by it.
        _hash = SHA1.HashData(Encoding.UTF8.GetBytes(_text));
#pragma warning restore CA5350
    }

    public RedisResult Evaluate(IDatabase database, RedisKey[] keys, RedisValue[] values)
    {
        try
        {
            return database.ScriptEvaluate(_hash, keys, values);
        }
        catch (RedisServerException e) when (IsUnknownScript(e))
        {
            return database.ScriptEvaluate(_text, keys, values, CommandFlags.NoScriptCache);
        }
    }

    public async Task<RedisResult> EvaluateAsync(IDatabase database, RedisKey[] keys, RedisValue[] values)
    {
        try
        {
            return await database.ScriptEvaluateAsync(_hash, keys, values).ConfigureAwait(false);
        }
        catch (RedisServerException e) when (IsUnknownScript(e))
        {
            return await database.ScriptEvaluateAsync(_text, keys, values, CommandFlags.NoScriptCache).ConfigureAwait(false);
        }
    }

    /// <summary>Sends the script whole, since nobody waits to hear that its hash is unknown.</summary>
    public void Send(IDatabase database, RedisKey[] keys, RedisValue[] values) =>
        database.ScriptEvaluate(_text, keys, values, CommandFlags.NoScriptCache | CommandFlags.FireAndForget);

    private static bool IsUnknownScript(RedisServerException e) => e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal);

    private static string Read(string file)
    {
        using var reader = new StreamReader(typeof(LuaScript).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"{file} is not embedded in the assembly."));
        return reader.ReadToEnd();
    }
}
