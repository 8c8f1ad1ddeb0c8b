-- Release: hand the lock to whoever has waited longest, if it is the caller's; otherwise leave the queue.
--
-- Promises: a lock that has passed to somebody else is not touched; a waiter that leaves stops nobody's turn.
--
-- ARGV  1 owner token
-- Reply 1 released, 0 not the caller's

local mine = redis.call('GET', KEYS[1]) == ARGV[1]

-- The short way, before the rest is even defined: nobody waits.
if mine and redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('DEL', KEYS[1])
  return 1
end

-- include fence.lua
-- include baton.lua

if mine then
  promote()
  return 1
end

local head = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
if redis.call('ZREM', KEYS[2], ARGV[1]) == 1 and head == ARGV[1] then
  -- While a client of another kind holds the lock, it is the head of the queue that looks for its end.
  local second = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
  if second then
    tell(second, 'ask', 0)
  end
end
return 0
