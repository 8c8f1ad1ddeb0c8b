using System.Globalization;
using DistributedMutex.Workshop;
using StackExchange.Redis;

namespace DistributedMutex.TestProcess.Answers;

/// <summary>Answers to the exercises of lesson 7.</summary>
internal static class Lesson7
{
    private static readonly Lock Gate = new();

    private static readonly Lazy<RedisClient> Redis = new(() => new(RedisServer.Use()));

    /// <summary>A store that refuses who comes late.</summary>
    public static IEnumerable<Answer> SaveSafely()
    {
        var highest = 0L;
        yield return Right("a lock of the document", (document, fence, text) =>
        {
            lock (document)
            {
                return Save(document, fence, text);
            }
        });
        yield return Right("one lock for all documents", (document, fence, text) =>
        {
            lock (Gate)
            {
                return Save(document, fence, text);
            }
        });
        yield return Right("the text first", (document, fence, text) =>
        {
            lock (document)
            {
                if (document.Fence > fence)
                {
                    return false;
                }

                document.Text = text;
                document.Fence = fence;
                return true;
            }
        });
        yield return Wrong("takes whatever comes", "was not refused", (document, _, text) =>
        {
            document.Text = text;
            return true;
        });
        yield return Wrong("refuses the same holder", "saved again", (document, fence, text) =>
        {
            lock (document)
            {
                return fence != document.Fence && Save(document, fence, text);
            }
        });
        yield return Wrong("does not keep the fence", "was not refused", (document, fence, text) =>
        {
            lock (document)
            {
                if (fence < document.Fence)
                {
                    return false;
                }

                document.Text = text;
                return true;
            }
        });
        yield return Wrong("one fence for all documents", "because of another document", (document, fence, text) =>
        {
            lock (Gate)
            {
                if (fence < highest)
                {
                    return false;
                }

                highest = fence;
                document.Text = text;
                return true;
            }
        });
        yield return Wrong("refuses, and saves all the same", "and yet the document says", (document, fence, text) =>
        {
            lock (document)
            {
                var saved = Save(document, fence, text);
                document.Text = text;
                return saved;
            }
        });
        yield return Wrong("no lock", "saved at once", Save);
        yield return Wrong("looks before it locks", "saved at once", (document, fence, text) =>
        {
            if (fence < document.Fence)
            {
                return false;
            }

            lock (document)
            {
                document.Fence = fence;
                document.Text = text;
                return true;
            }
        });
        yield return Wrong("locks the fence alone", "saved at once", (document, fence, text) =>
        {
            lock (document)
            {
                if (fence < document.Fence)
                {
                    return false;
                }

                document.Fence = fence;
            }

            document.Text = text;
            return true;
        });
        yield return Wrong("a lock of its own for each call", "saved at once", (document, fence, text) =>
        {
            lock (new object())
            {
                return Save(document, fence, text);
            }
        });
        yield return Wrong("an int", "the document says", (document, fence, text) =>
        {
            lock (document)
            {
                return (int)fence >= (int)document.Fence && Write(document, fence, text);
            }
        });
        yield return Wrong("a uint", "the document says", (document, fence, text) =>
        {
            lock (document)
            {
                return (uint)fence >= (uint)document.Fence && Write(document, fence, text);
            }
        });
        yield return Wrong("a float", "the document says", (document, fence, text) =>
        {
            lock (document)
            {
                return (float)fence >= document.Fence && Write(document, fence, text);
            }
        });
        yield return Wrong("not done yet", "your code threw NotImplementedException", (_, _, _) => throw new NotImplementedException());

        static bool Save(Document document, long fence, string text) => fence >= document.Fence && Write(document, fence, text);

        static bool Write(Document document, long fence, string text)
        {
            document.Fence = fence;
            document.Text = text;
            return true;
        }

        static Answer Right(string name, Func<Document, long, string, bool> code) => Answer.Right(name, () => FenceCheck.RunAsync(code));
        static Answer Wrong(string name, string seen, Func<Document, long, string, bool> code) => Answer.Wrong(name, seen, () => FenceCheck.RunAsync(code));
    }

    /// <summary>A store in Redis that refuses who comes late.</summary>
    public static IEnumerable<Answer> SaveInRedis()
    {
        yield return Right("a script", (key, fence, text) => Eval("tonumber(seen) > tonumber(ARGV[1])", key, fence, text));
        yield return Right("a script, with a zero for nothing", (key, fence, text) => RedisCli.Ask(
            "EVAL",
            "if tonumber(ARGV[1]) < tonumber(redis.call('HGET', KEYS[1], 'fence') or '0') then return 0 end redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'text', ARGV[2]) return 1",
            "1",
            key,
            $"{fence}",
            text) == "1");
        yield return Right("a transaction with a condition, again if somebody came between", (key, fence, text) =>
        {
            while (true)
            {
                var seen = Redis.Value.Database.HashGet(key, "fence");
                if ((long)seen > fence)
                {
                    return false;
                }

                var both = Redis.Value.Database.CreateTransaction();
                both.AddCondition(seen.IsNull ? Condition.HashNotExists(key, "fence") : Condition.HashEqual(key, "fence", seen));
                _ = both.HashSetAsync(key, [new("fence", fence), new("text", text)]);
                if (both.Execute())
                {
                    return true;
                }
            }
        });
        yield return Wrong("as it stands", "came between", (key, fence, text) => Seen(key) <= fence && Set(key, fence, text));
        yield return Wrong("a lock of the process", "came between", (key, fence, text) =>
        {
            lock (Gate)
            {
                return Seen(key) <= fence && Set(key, fence, text);
            }
        });
        yield return Wrong("a lock in Redis", "came between", (key, fence, text) =>
        {
            using var mutex = new RedisMutex(Redis.Value.Connection);
            using var held = mutex.Acquire(key);
            return Seen(key) <= fence && Set(key, fence, text);
        });
        yield return Wrong("looks, then writes in a transaction", "came between", (key, fence, text) =>
        {
            if (Seen(key) > fence)
            {
                return false;
            }

            var both = Redis.Value.Database.CreateTransaction();
            _ = both.HashSetAsync(key, [new("fence", fence), new("text", text)]);
            return both.Execute();
        });
        yield return Wrong("writes without a look", "it was not refused", Set);
        yield return Wrong("compares text", "a holder with fence 1000000 saved twice", (key, fence, text) => Eval("seen > ARGV[1]", key, fence, text));
        yield return Wrong("an equal fence is late", "it was refused", (key, fence, text) => Eval("tonumber(seen) >= tonumber(ARGV[1])", key, fence, text));
        yield return Wrong("forgets that nothing may be there", "your code threw RedisServerException", (key, fence, text) => RedisCli.Ask(
            "EVAL", "if tonumber(redis.call('HGET', KEYS[1], 'fence')) > tonumber(ARGV[1]) then return 0 end return 1", "1", key, $"{fence}", text) == "1");
        yield return Wrong("a cast to float", "two had the fences", (key, fence, text) => Eval("tonumber(seen) > tonumber(ARGV[1])", key, (long)(float)fence, text));
        yield return Wrong("keeps no fence", "Redis has the fence (nil)", (key, _, text) => RedisCli.Ask("HSET", key, "text", text) == "1");
        yield return Wrong("not done yet", "your code threw NotImplementedException", (_, _, _) => throw new NotImplementedException());

        static long Seen(string key) => RedisCli.Ask("HGET", key, "fence") is var seen and not "(nil)" ? long.Parse(seen, CultureInfo.InvariantCulture) : 0;

        static bool Set(string key, long fence, string text)
        {
            RedisCli.Ask("HSET", key, "fence", $"{fence}", "text", text);
            return true;
        }

        static bool Eval(string isLate, string key, long fence, string text) => RedisCli.Ask(
            "EVAL",
            $"local seen = redis.call('HGET', KEYS[1], 'fence') if seen and {isLate} then return 0 end redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'text', ARGV[2]) return 1",
            "1",
            key,
            $"{fence}",
            text) == "1";

        static Answer Right(string name, Func<string, long, string, bool> code) => Answer.Right(name, () => FencedStoreCheck.RunAsync(code));
        static Answer Wrong(string name, string seen, Func<string, long, string, bool> code) => Answer.Wrong(name, seen, () => FencedStoreCheck.RunAsync(code));
    }
}
