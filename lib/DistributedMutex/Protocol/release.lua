-- Release: hand the lock to whoever has waited longest, if it is the caller's; otherwise leave the queue.
--
-- Promises: a lock that has passed to somebody else is not touched; a waiter that leaves stops nobody's turn; sending it
-- again harms nobody.
--
-- ARGV  1 owner token
-- Reply 1 released, 2 released and handed to a waiter, 0 not the caller's

local call = redis.call
local holder = call('GET', KEYS[1])

-- The short way, before the rest is even defined: nobody waits.
if holder == ARGV[1] and call('EXISTS', KEYS[2]) == 0 then
  call('DEL', KEYS[1])
  return 1
end

-- include fence.lua
-- include queue.lua
-- include baton.lua

if holder == ARGV[1] then
  return promote() and 2 or 1
end

local head = call('ZRANGE', KEYS[2], 0, 0)[1]
local left = call('ZREM', KEYS[2], ARGV[1]) == 1
if not holder then
  -- An operator has deleted the key, say: those who wait would do so for the rest of its lease.
  promote()
elseif left and head == ARGV[1] then
  -- While a foreign client holds the lock, it is the head of the queue that looks for its end.
  local second = call('ZRANGE', KEYS[2], 0, 0)[1]
  if second then
    tell(second, 'ask', 0)
  end
end
return 0
