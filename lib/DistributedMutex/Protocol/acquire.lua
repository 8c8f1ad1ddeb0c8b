-- Acquire: take the lock if it is free and nobody came first; otherwise join the queue, once.
--
-- Promises: of all callers at most one holds the lock; who asks again with the token that holds it is told so and gets a
-- whole lease (a reply may have been lost); nobody overtakes a waiter; whoever waits is told when to ask again.
--
-- ARGV  1 owner token    2 lease in ms    3 how many fences to mint, 0 for none    4 "join" to wait in the queue
-- Reply the first fence if the caller holds the lock, 0 if none was asked for; otherwise as waiting()

local call = redis.call

-- include fence.lua

-- The short way, before the rest is even defined: the lock is free and nobody waits.
local time = call('TIME')
if call('EXISTS', KEYS[2]) == 0 and call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return mint(time, ARGV[3])
end

-- include queue.lua
-- include baton.lua

local promoted = false
if call('EXISTS', KEYS[1]) == 0 then
  -- It was left by an expired holder or by a client that does not know the queue.
  promoted = promote()
  if call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
    return mint(time, ARGV[3])
  end
end

if call('GET', KEYS[1]) == ARGV[1] then
  -- Not shorter, unless it is a grant: this may have been sent on a connection that was lost, and come after an extension.
  local left = call('PTTL', KEYS[1])
  if left <= GRANT or left < tonumber(ARGV[2]) then
    call('PEXPIRE', KEYS[1], ARGV[2])
  end
  return mint(time, ARGV[3])
end

if ARGV[4] == 'join' then
  join(ARGV[1])
end
return waiting(ARGV[1], promoted)
