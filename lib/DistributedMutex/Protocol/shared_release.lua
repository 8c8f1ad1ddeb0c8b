-- Release, of a lock that several may hold at once: let in whoever is next, if the caller held it; otherwise leave the queue.
--
-- Promises: as release.lua. A writer that leaves the queue lets in the readers behind it.
--
-- ARGV  1 owner token
-- Reply 1 released, 2 released and granted to a waiter or several, 0 not the caller's

local call = redis.call

-- include holders.lua

local held = call('ZREM', KEYS[1], ARGV[1])
if call('EXISTS', KEYS[2]) == 0 then
  return held
end

-- include queue.lua
-- include fence.lua
-- include shared_baton.lua

local head = call('ZRANGE', KEYS[2], 0, 0)[1]
local left = call('ZREM', KEYS[2], ARGV[1]) == 1
local granted = promote()
if held == 1 then
  return granted > 0 and 2 or 1
end

if left and granted == 0 and head == ARGV[1] then
  -- It is the head of the queue that looks for the end of a lease.
  local second = call('ZRANGE', KEYS[2], 0, 0)[1]
  if second then
    tell(second, 'ask', 0)
  end
end
return 0
